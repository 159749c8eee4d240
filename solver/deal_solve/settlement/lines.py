"""The lines of a bill, one record each, and the causes by which two bills are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

SideName = Literal["API", "seats", "projects and tools", "cloud", "before signing"]
SIDES: tuple[SideName, ...] = get_args(SideName)
Accrual = Literal["month", "commitment_period", "contract_year"]


@dataclass(frozen=True)
class Line:
    """One line that an amount can stand on.

    - `name` as in results, files and the program; `title` as it is printed
    - `side` the part of the deal that it belongs to; all lines of the side API make the bill of the API
    - `cause` the line of a difference between two plans that it adds to (one of CAUSES). None for API lines that are
      billed for usage or commitment: these do not say why one plan costs more than another and are split by cause
    - `accrual` the months that a payment is for: those it is charged for, the commitment period that ends with them,
      or what is left of their contract year
    - `is_cash` whether it is paid: what unserved users cost the buyer is not
    - `in_arrears` its title where usage is billed monthly in arrears, and the line has only what comes on top of that
    """

    name: str
    title: str
    side: SideName
    cause: str | None = None
    accrual: Accrual = "month"
    is_cash: bool = True
    in_arrears: str = ""


LINES: dict[str, Line] = {
    line.name: line
    for line in (
        Line("commitment", "API commitment", "API"),
        Line("usage", "API usage billed at contracted rates", "API"),
        Line(
            "overage",
            "API usage above commitment",
            "API",
            accrual="commitment_period",
            in_arrears="API overage surcharge",
        ),
        Line("shortfall", "unused API commitment", "API", accrual="commitment_period"),
        Line("credit", "credit of the API agreement", "API"),
        Line("uncounted_usage", "API usage billed at list", "API"),
        Line("other_charges", "other charges per request", "API", cause="other_charges"),
        Line("seats", "seats", "seats", cause="seats"),
        Line("true_up", "seats added (true-up)", "seats", cause="true_up", accrual="contract_year"),
        Line("extra_usage", "usage beyond the allowance of seats", "seats", cause="extra_usage"),
        Line("refused_usage", "usage refused beyond the allowance", "seats", cause="refused_usage", is_cash=False),
        Line("projects", "enablement projects", "projects and tools", cause="projects"),
        Line("build", "internal tools, build", "projects and tools", cause="tools"),
        Line("run", "internal tools, run", "projects and tools", cause="tools"),
        Line("unserved", "users left unserved", "seats", cause="unserved", is_cash=False),
        Line("fee", "marketplace fee", "cloud", cause="fee"),
        Line("cloud_shortfall", "cloud shortfall", "cloud", cause="cloud_shortfall"),
        Line("before", "months before signing", "before signing", cause="before"),
    )
}
"""Every line, by name, in the order in which they are printed."""

API_CAUSES: dict[str, str] = {
    "routing": "API usage of workloads, at list prices",
    "metered_usage": "API usage of people, at list prices",
    "rate": "contracted rates against list",
    "commitment": "commitment paid earlier or later than used",
    "overage": "overage above contracted rates",
    "forfeiture": "commitment forfeited",
    "credit": "credit of the API agreement",
}
"""What the API lines without a cause of their own are split by, as printed; `facts.difference` defines them."""

CAUSES: dict[str, str] = {
    **API_CAUSES,
    **{line.cause: line.title for line in LINES.values() if line.cause is not None},
    "tools": "internal tools, build and run",
}
"""The lines of a difference between two plans, in order, as they are printed."""


def is_billed(line: str, item: str) -> bool:
    """Return whether a posting is paid to somebody; what is paid before signing has the title of its own line as item.

    >>> is_billed("before", "seats"), is_billed("before", "users left unserved"), is_billed("unserved", "staff")
    (True, False, False)
    """
    unpaid = {each.title for each in LINES.values() if not each.is_cash}
    return LINES[line].is_cash and not (line == "before" and item in unpaid)


def lines_of(side: SideName) -> tuple[str, ...]:
    """Return the names of the lines of one side.

    >>> lines_of("seats")
    ('seats', 'true_up', 'extra_usage', 'refused_usage', 'unserved')
    """
    return tuple(line.name for line in LINES.values() if line.side == side)


def lines_by_cause() -> dict[str, tuple[str, ...]]:
    """Return the names of the lines that add up to each cause; none for the causes that API lines are split by."""
    return {cause: tuple(line.name for line in LINES.values() if line.cause == cause) for cause in CAUSES}
