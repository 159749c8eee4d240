"""What should be signed?"""
