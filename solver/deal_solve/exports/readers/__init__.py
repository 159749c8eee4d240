"""One module per kind of export: how it is recognised, and what each of its records says."""
