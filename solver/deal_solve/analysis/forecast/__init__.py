"""What may usage come to, and how well was that known before?"""
