"""What does the deal depend on?"""
