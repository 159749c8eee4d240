"""The months before the month of signing."""
