"""Is it worth waiting to measure before signing?"""
