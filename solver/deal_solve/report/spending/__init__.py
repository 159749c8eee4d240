"""Spending in pictures."""
