"""How requests are routed, and what of their usage serves a commitment alone."""
