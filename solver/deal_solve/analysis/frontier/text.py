"""What `frontier` prints: the points, the knee, and the deal at each of them in a line."""

from __future__ import annotations

from deal_solve.analysis.frontier.result import Frontier, FrontierPoint
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import title_line
from deal_solve.report.text import bullets, heading, labelled, money, percent, table


def frontier_report(deal: Deal, found: Frontier) -> str:
    """Return a frontier in print."""
    first, last, knee = found.points[0], found.points[-1], found.knee
    head = [*heading(title_line(deal)), *labelled("CVaR", f"of {found.on}: {tail_text(found)}")]
    span = f"from weight {weights_text(first)} to {weights_text(last)}, expected cost rises by "
    span += f"{money(last.expected_usd - first.expected_usd)} and CVaR falls by {money(first.cvar_usd - last.cvar_usd)}"
    head += labelled("Span", span if len(found.points) > 1 else _one_deal(found))
    if knee:
        more, less = money(knee.expected_usd - first.expected_usd), money(first.cvar_usd - knee.cvar_usd)
        head += labelled(
            "Knee", f"weight {weights_text(knee)}: {more} more expected cost than at first, CVaR {less} less"
        )
    head += _own(deal, found)
    head += labelled("Over", scenarios_text(first.solution.settlement.scenarios))
    deals = [f"{number}: {point.deal}" for number, point in enumerate(found.points, 1)]
    parts = ["\n".join(head), _table(deal, found), bullets("The deal at each point", deals)]
    parts += [bullets("Notes", found.notes)] if found.notes else []
    return "\n\n".join(parts) + "\n"


def _one_deal(found: Frontier) -> str:
    if found.not_in_time:
        return f"one deal is known, that of weight {weights_text(found.points[0])}"
    return "one deal is best at every risk weight"


def _own(deal: Deal, found: Frontier) -> list[str]:
    """Return at which point the deal's own risk weight is, if one of them is that."""
    own = deal.risk.weight
    indices = [n for n, point in enumerate(found.points, 1) if point.weight <= own <= point.last_weight]
    if not indices or deal.risk.criterion != "expected":
        return []
    return labelled("Own", f"weight {own:.3g}, that of the deal file: point {indices[0]}")


def tail_text(found: Frontier) -> str:
    """Return what CVaR is the mean of."""
    return f"mean of the worst {percent(1 - found.confidence)} of scenarios"


def weights_text(point: FrontierPoint) -> str:
    """Return the risk weights of a point."""
    ends = dict.fromkeys((f"{point.weight:.3g}", f"{point.last_weight:.3g}"))
    return "–".join(ends)


def _table(deal: Deal, found: Frontier) -> str:
    first = found.points[0]
    cells = [
        [
            f"{number}",
            weights_text(point),
            money(point.expected_usd),
            money(point.expected_usd - first.expected_usd),
            money(point.cvar_usd),
            money(point.cvar_usd - first.cvar_usd),
            "knee" * point.is_knee + " GAP" * (not point.is_proven),
        ]
        for number, point in enumerate(found.points, 1)
    ]
    headers = ["point", "risk weight", "expected cost", "change", f"CVaR of {found.on}", "change", ""]
    if not any(row[-1] for row in cells):
        headers, cells = headers[:-1], [row[:-1] for row in cells]
    return table(
        f"Frontier over {counted(deal.compared_months, 'month')} (USD{present_value(deal)})", headers, cells, left=0
    )
