"""Whether a plan can be signed."""
