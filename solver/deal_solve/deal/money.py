"""Dollars: how close two amounts count as the same, and what a dollar paid later is worth today (model §1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CENT_TOLERANCE_USD = 0.005
"""Half a cent: a threshold in dollars is reached from this far below it, so that rounding in a solver does not decide
(decision 5); amounts that differ by no more are the same.
"""

EXACT_USD = 1e12
"""Sums of dollars above it leave the range in which the solver is exact to the cent."""


@overload
def discount_factor(cost_of_capital_per_year: float, months: int) -> float: ...
@overload
def discount_factor(cost_of_capital_per_year: float, months: NDArray[np.integer[Any]]) -> NDArray[np.float64]: ...
def discount_factor(
    cost_of_capital_per_year: float, months: int | NDArray[np.integer[Any]]
) -> float | NDArray[np.float64]:
    """Return the present value of one dollar paid `months` after the start: (1+r)^(-months/12).

    >>> discount_factor(0.21, 12), discount_factor(0.0, 6)
    (0.8264462809917356, 1.0)
    """
    factor: float | NDArray[np.float64] = (1 + cost_of_capital_per_year) ** (-months / 12)
    return factor
