"""What a file assumes, in print: a sentence each, with the field that would change it."""

from __future__ import annotations

from collections.abc import Iterable

from deal_solve.facts.unstated import Unstated
from deal_solve.report.text import bullets, money, percent

SENTENCES = {
    "quality": "no quality is asked for, so the cheapest of {compared} may answer everything",
    "list_price": "assumed, list prices of {value} {compared}",
    "price": "{value} USD, above the card's {compared}",
    "allowance": "not stated, so {value} of the usage on {compared} seats is included, however much it is",
    "limits": "the vendor publishes no limits in dollars, so {value} USD a user and month at list, no more than the "
    "seat's price, is taken as included",
    "closed": "the vendor publishes no limits in dollars, and {value} USD a user and month at list is above the seat's "
    "price of {compared}, so the seat is closed unless it is stated what it includes",
    "retired": "{compared} is gone{month}; {value} answers in its place, at its own prices",
    "maximum": "at most {value} users on the {compared} plan, all its seat types together, as on the card",
    "tokens": "not stated, so all token counts are those of the {value} tokenizer",
}


STAY = "stay as they are today"


def unstated_list(found: Iterable[Unstated]) -> str:
    """Return the list of what a file assumes; '' if it states everything."""
    sentences = list(unstated_sentences(found))
    return bullets(f"What the file assumes ({len(sentences)})", sentences) if sentences else ""


def price_change(row: Unstated) -> str:
    """Return how the list prices of a family are assumed to move, in a few words."""
    return f"{row.value} {row.compared or STAY}"


def unstated_sentences(found: Iterable[Unstated]) -> list[str]:
    """Return one sentence each; the projects of one workload stand together, and the clauses of one offer."""
    together: dict[str, list[Unstated]] = {}
    for row in found:
        parts = row.path.split(".")
        where = {"project": ".".join(parts[:-1]), "clause": ".".join(parts[:2])}.get(row.kind, row.path)
        together.setdefault(where, []).append(row)
    return [_sentence(where, rows) for where, rows in together.items()]


def _sentence(where: str, rows: list[Unstated]) -> str:
    row = rows[0]
    if row.kind == "project":
        names = " and ".join(each.path.rpartition(".")[2] for each in rows)
        verbs = ("costs", "is") if len(rows) == 1 else ("cost", "are")
        return f"{where}: no project is given, so {names} {verbs[0]} nothing and {verbs[1]} ready at once"
    if row.kind == "clause":
        clauses = ", ".join(f"{each.path.removeprefix(where)[1:]} is {each.value}" for each in rows)
        return f"{where}: not stated, so {clauses}"
    value, compared = row.value, row.compared
    if row.kind == "list_price":
        compared = compared or STAY
    if isinstance(value, float):
        value = {"allowance": percent, "maximum": "{:,.0f}".format}.get(row.kind, money)(value)
    if isinstance(compared, float):
        compared = money(compared)
    month = f" from {row.month} on" if row.month else ""
    return f"{row.path}: {SENTENCES[row.kind].format(value=value, compared=compared, month=month)}"
