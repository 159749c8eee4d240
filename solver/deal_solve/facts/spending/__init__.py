"""What a settled plan spends, month by month, and how far its cost spreads."""
