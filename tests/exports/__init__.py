"""Exports of usage: every shape and every trap."""
