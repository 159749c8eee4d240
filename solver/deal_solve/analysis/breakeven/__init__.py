"""At which value of a field does the best deal change, or a target come within reach?"""
