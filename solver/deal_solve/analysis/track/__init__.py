"""How does the signed deal stand against what happened, and what is to be done now?"""
