"""From the bands of a deal to weighted scenarios (model §1)."""
