"""The clauses of an offer, one record each."""
