"""From the bands of a deal to weighted scenarios (deal model, section 1)."""
