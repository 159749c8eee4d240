"""A conflict in print: what cannot hold together, line by line, and the cheapest way out."""

from __future__ import annotations

from deal_solve.analysis.conflict.result import Conflict, Conflicting, Relaxation
from deal_solve.report.text import heading, labelled, money


def conflict_report(conflict: Conflict) -> str:
    """Return the requirements that conflict and the relaxations, '' where nothing can be relaxed."""
    if not conflict.requirements:
        return ""
    count = len(conflict.requirements)
    together = "This cannot be met" if count == 1 else f"These {count} cannot be met together"
    rest = "" if count == 1 else "; without any one of them the others can"
    lines = heading(f"{together}{rest}:")
    for each in conflict.requirements:
        lines += labelled("  -", _requirement(each), 4)
    best = conflict.cheapest
    if best is not None:
        lines += ["", *heading("What makes the deal possible, by the objective of the best deal then (USD):")]
        for way in sorted(conflict.relaxations, key=Relaxation.rank):
            lacks = "" if way.is_priced else ", without what it costs to leave people unserved"
            text = f"{_way(way)}: {money(way.objective_usd)}{lacks}{' (cheapest)' * (way is best)}"
            lines += labelled("  -", text, 4)
    return "\n".join(lines)


def _requirement(each: Conflicting) -> str:
    index = f"line {each.line}" if each.line else each.path
    if each.least_usd is None or each.amount is None:
        return f"{each.words} ({index})"
    minimum = f"no plan that keeps the rest gets below {money(each.least_usd)}"
    return f"{each.words} ({index}): at most {money(each.amount)}; {minimum}"


def _way(way: Relaxation) -> str:
    stated = [
        f"drop: {words}" if usd is None else f"raise to {money(usd)}: {words}"
        for words, usd in zip(way.words, way.to_usd, strict=True)
    ]
    return " and ".join(stated)
