"""What does a plan cost, payment by payment?"""
