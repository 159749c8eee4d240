"""What does caution cost?"""
