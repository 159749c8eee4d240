"""A conflict in print: what cannot hold together, and the ways out: the buyer's own, then those to negotiate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    groups = (
        ("What you can change yourself", [way for way in conflict.relaxations if not way.is_negotiated]),
        ("What the vendor would have to agree to", [way for way in conflict.relaxations if way.is_negotiated]),
    )
    for title, ways in groups:
        if ways:
            lines += ["", *heading(f"{title}, by the objective of the best deal then (USD):")]
            lines += _ways(sorted(ways, key=Relaxation.rank))
    return "\n".join(lines)


def _ways(ways: Sequence[Relaxation]) -> Iterator[str]:
    """Yield the lines of relaxations, the cheapest first."""
    for index, way in enumerate(ways):
        lacks = "" if way.is_priced else ", without what it costs to leave people unserved"
        cheapest = " (cheapest)" * (index == 0 and len(ways) > 1)
        yield from labelled("  -", f"{_way(way)}: {money(way.objective_usd)}{lacks}{cheapest}", 4)


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
