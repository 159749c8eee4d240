"""What does each commitment cost and risk?"""
