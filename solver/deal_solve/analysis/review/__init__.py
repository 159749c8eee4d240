"""What does a proposal cost more than the best deal, and which of its decisions do it?"""
