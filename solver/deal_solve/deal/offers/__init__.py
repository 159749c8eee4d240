"""What an offer says: prices, commitments and rights, a module per part (model §4 to §6)."""
