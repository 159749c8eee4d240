"""The print kit: words, tables, figures and JSON that every question shares; only here amounts are rounded."""
