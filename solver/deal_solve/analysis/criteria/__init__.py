"""What would each risk criterion sign?"""
