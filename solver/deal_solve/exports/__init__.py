"""Exports of usage: what was used and billed, read from the files that vendors, gateways and clouds write."""
