"""What does not knowing cost, and how sure is the answer?"""
