"""Search, proof and agreement: from a program to a plan that is settled."""
