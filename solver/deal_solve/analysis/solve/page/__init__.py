"""The decision page of `solve`, a module per block: what to sign, its cost, what else there is, what can go wrong."""
