"""What is handed to those who sign, and to the vendor?"""
