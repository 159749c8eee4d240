"""A row of a program, as the solver here takes it: by the places of its variables."""

from __future__ import annotations


class Constraint:
    """Σ factor · variable at a place (sense: one of PuLP's constants) rhs, every place once."""

    __slots__ = ("factors", "name", "places", "rhs", "sense")

    def __init__(self, name: str, places: list[int], factors: list[float], sense: int, rhs: float) -> None:
        self.name, self.places, self.factors, self.sense, self.rhs = name, places, factors, sense, rhs
