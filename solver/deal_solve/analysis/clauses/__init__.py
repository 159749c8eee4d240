"""What is each clause of an offer worth?"""
