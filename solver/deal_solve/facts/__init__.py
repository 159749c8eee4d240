"""What one settled plan says, without a solver: totals, health, savings, decisions, calendar."""
