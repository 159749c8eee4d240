"""What speaks to a solver: names, sessions, substitutions, clock."""
