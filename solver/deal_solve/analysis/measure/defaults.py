"""What `measure` and `forecast` take where it is not said; the command line names it without importing either."""

MIN_SHARE = 0.02
"""Share of the dollars below which workloads are put into one."""
MONTHS = 12
"""Months that are forecast."""
