"""The search for the best plan: agreements, Benders cuts, branch and cut, tie-breaking, polishing."""
