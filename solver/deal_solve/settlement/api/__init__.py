"""The clauses of the API agreement: drawdown and rates."""
