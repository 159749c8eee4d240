"""From a proposal to a complete plan."""
