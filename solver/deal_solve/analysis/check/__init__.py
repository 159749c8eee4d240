"""What in the file can never matter?"""
