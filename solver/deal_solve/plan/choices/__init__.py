"""Choices written as text, such as offer=counter, as fixed parts of a plan."""
