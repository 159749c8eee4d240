"""Linear expressions of decision variables, so that a row in the code reads as the inequality of the page.

`rolled <= share * shortfall` is a `Row`: the difference of both sides, its sense and its right-hand side. Terms keep
the order in which they are written, and a variable may stand in several of them: `Program.add` adds them up. Nothing is
added up before, so expressions cost no more than lists of (variable, coefficient), which is what they hold.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias, Union

import pulp

ROUNDING = 1e-12
"""What is left of terms that cancel, relative to the largest of them, at most."""
Pair: TypeAlias = tuple["Variable", float]
Operand: TypeAlias = Union["Expression", "Variable", float]


class Row(NamedTuple):
    """Σ terms (sense: one of PuLP's constants) rhs."""

    terms: list[Pair]
    sense: int
    rhs: float

    def __bool__(self) -> bool:
        """A row is neither true nor false: `low <= x <= high` and `x in list` would be mistakes."""
        raise TypeError("a row has no truth value")


class _Algebra:
    """What expressions and variables have in common: +, -, * by a number, and <=, >=, == that make rows."""

    __slots__ = ()
    __array_ufunc__ = None  # a NumPy number times an expression is left to the expression
    terms: list[Pair]
    constant: float

    def __add__(self, other: Operand) -> Expression:
        if isinstance(other, _Algebra):
            return Expression([*self.terms, *other.terms], self.constant + other.constant)
        return Expression(self.terms, self.constant + other)

    def __radd__(self, other: float) -> Expression:
        return Expression(self.terms, other + self.constant)

    def __neg__(self) -> Expression:
        return Expression([(variable, -factor) for variable, factor in self.terms], -self.constant)

    def __sub__(self, other: Operand) -> Expression:
        if isinstance(other, _Algebra):
            negative = [(variable, -factor) for variable, factor in other.terms]
            return Expression([*self.terms, *negative], self.constant - other.constant)
        return Expression(self.terms, self.constant - other)

    def __rsub__(self, other: float) -> Expression:
        return -self + other

    def __mul__(self, number: float) -> Expression:
        return Expression([(variable, factor * number) for variable, factor in self.terms], self.constant * number)

    __rmul__ = __mul__

    def __le__(self, other: Operand) -> Row:
        return self._row(other, pulp.LpConstraintLE)

    def __ge__(self, other: Operand) -> Row:
        return self._row(other, pulp.LpConstraintGE)

    def __eq__(self, other: Operand) -> Row:  # type: ignore[override]
        return self._row(other, pulp.LpConstraintEQ)

    def _row(self, other: Operand, sense: int) -> Row:
        if isinstance(other, _Algebra):
            negative = [(variable, -factor) for variable, factor in other.terms]
            return Row([*self.terms, *negative], sense, 0.0 - (self.constant - other.constant))
        return Row(self.terms, sense, 0.0 - (self.constant - other))


class Expression(_Algebra):
    """Σ coefficient · variable + constant, immutable; iterates over its (variable, coefficient) pairs."""

    __slots__ = ("constant", "terms")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, terms: list[Pair] | None = None, constant: float = 0.0) -> None:
        self.terms = [] if terms is None else terms
        self.constant = constant

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.terms)


class Variable(_Algebra):
    """A decision variable at a `place` of a program; alone in an expression it counts once.

    Bounds, kind, value and reduced cost have the names that PuLP gives them, which has a copy only where it is asked
    for (`written`).
    """

    __slots__ = ("cat", "dj", "lowBound", "name", "place", "upBound", "varValue")
    constant = 0.0
    __hash__ = object.__hash__  # by identity

    def __init__(self, name: str, place: int, low: Any, high: Any, kind: str = pulp.LpContinuous) -> None:
        self.name, self.place, self.cat = name, place, kind
        self.lowBound, self.upBound = low, high
        self.varValue: float | None = None
        self.dj: float | None = None

    @property
    def terms(self) -> list[Pair]:  # type: ignore[override]
        """Return the pair of itself and 1."""
        return [(self, 1.0)]


def total(parts: Iterable[Expression | Variable]) -> Expression:
    """Return the sum of expressions and variables, in their order."""
    terms: list[Pair] = []
    constant = 0.0
    for part in parts:
        terms += part.terms
        constant += part.constant
    return Expression(terms, constant)


def lower_bound(expression: Expression) -> float:
    """Return the least that an expression can be inside the bounds of its variables; -inf where one has none.

    Terms of one variable count together; what is left of terms that cancel is rounding.
    """
    factors: defaultdict[Variable, list[float]] = defaultdict(list)
    for variable, factor in expression:
        factors[variable].append(factor)
    low = expression.constant
    for variable, terms in factors.items():
        factor = math.fsum(terms)
        if abs(factor) > ROUNDING * max(map(abs, terms)):
            bound = variable.lowBound if factor > 0 else variable.upBound
            low += -math.inf if bound is None else factor * bound
    return low
