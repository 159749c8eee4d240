"""The clauses of seats and of the people on them."""
