"""The price of any complete plan over any scenario set: pure arithmetic, no solver."""
