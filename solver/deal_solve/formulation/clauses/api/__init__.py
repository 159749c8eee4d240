"""The clauses of the API agreement: commitment, drawdown, rates."""
