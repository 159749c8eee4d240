"""What does the plan look like in the exchange format of FinOps?"""
