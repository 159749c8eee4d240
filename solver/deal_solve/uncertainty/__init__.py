"""From the bands of a deal to weighted futures (deal model, section 1)."""
