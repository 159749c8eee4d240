"""Styles in text, as characters that no text has; where it is printed they become what a terminal understands."""

BOLD, RED, RESET = "\ufdd0", "\ufdd1", "\ufdd2"
COLOURS = {BOLD: "\x1b[1m", RED: "\x1b[31m", RESET: "\x1b[0m"}
"""What a terminal understands (ANSI)."""
