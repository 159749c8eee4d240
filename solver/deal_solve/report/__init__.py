"""Text, tables and JSON from settled plans; the only place where amounts are rounded."""
