"""What `breakeven` prints: the flips, the stretches between them, what changes, and where the target is reached."""

from __future__ import annotations

from collections.abc import Iterator

from deal_solve.analysis.breakeven.result import Breakeven, Flip, Stretch
from deal_solve.deal.deal import Deal
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import title_line
from deal_solve.report.text import bullets, heading, labelled, money, table


def breakeven_report(deal: Deal, found: Breakeven) -> str:
    """Return where a deal flips, in print."""
    today = "" if found.today is None else f"; today {number(found.today)}"
    head = [*heading(title_line(deal))]
    head += labelled("Field", f"{found.path} from {number(found.low)} to {number(found.high)}{today}")
    if found.target:
        head += labelled("Target", f"{found.target}: {_target(found)}")
    head += labelled("Today", _today(found, found.today)) if found.today is not None else []
    head += labelled("Proof", _proof(found))
    head += labelled("Over", scenarios_text(found.base_scenarios))
    parts = ["\n".join(head)]
    if found.flips:
        parts += [_flips(deal, found), bullets("What changes at each flip", _changes(found))]
    parts.append(_stretches(deal, found))
    if not found.target:
        deals = (f"{index}: {stretch.deal}" for index, stretch in enumerate(found.stretches, 1))
        parts.append(bullets("The deal in each stretch", deals))
    parts += [bullets("Notes", found.notes)] if found.notes else []
    return "\n\n".join(parts) + "\n"


def number(value: float) -> str:
    """Return a value of a field.

    >>> number(0.118501142), number(3_000_000.0)
    ('0.118501', '3,000,000')
    """
    return f"{value:,.6f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.2f}".removesuffix(".00")


def at_text(flip: Flip) -> str:
    """Return where a flip is."""
    return number(flip.value) if flip.is_exact else f"{number(flip.low)} to {number(flip.high)}"


def _target(found: Breakeven) -> str:
    reached = [f"from {number(s.low)} to {number(s.high)}" for s in found.stretches if s.at_target]
    if reached:
        return "reached " + " and ".join(reached)
    none = "no value in the range gets there"
    if found.nearest is None:
        return f"{none}; no such deal can be signed"
    return f"{none}; nearest is {number(found.nearest.value)}, {money(found.nearest.missed_usd)} USD away"


def _today(found: Breakeven, today: float) -> str:
    """Return what has to change before another deal is best."""
    if not found.low <= today <= found.high:
        return "outside the range"
    near = sorted(found.flips, key=lambda flip: abs(flip.value - today))
    if not near:
        return "nothing flips in the range"
    up = near[0].value > today
    return (
        f"the nearest flip is {number(abs(near[0].value - today))} {'above' if up else 'below'}, at {at_text(near[0])}"
    )


def _proof(found: Breakeven) -> str:
    text = f"{len(found.solved)} values solved" + (" (GAP: not all are proven)" if not found.is_proven else "")
    if found.is_complete:
        return f"{text}; costs are straight lines in the field, so nothing lies between the flips"
    step = f"a change and back within less than {number(found.step)} can be missed"
    inexact = any(not flip.is_exact for flip in found.flips)
    return f"{text}; {step}" + f"; what is no exact flip lies within {number(found.resolution)} or as shown" * inexact


def _flips(deal: Deal, found: Breakeven) -> str:
    headers = ["flip", "at", "objective", "", "expected cost", "", "committed", ""]
    cells = [
        [
            f"{index}",
            at_text(flip),
            *map(_usd, (flip.before_usd, flip.after_usd)),
            *map(_usd, (flip.expected_before_usd, flip.expected_after_usd)),
            *map(_usd, (flip.committed_before_usd, flip.committed_after_usd)),
        ]
        for index, flip in enumerate(found.flips, 1)
    ]
    title = f"Where it flips (USD over {deal.horizon_months} months{present_value(deal)}; below and above the flip)"
    return table(title, headers, cells, left=0)


def _usd(amount: float | None) -> str:
    return "no plan" if amount is None else money(amount)


def _changes(found: Breakeven) -> Iterator[str]:
    for index, flip in enumerate(found.flips, 1):
        yield f"{index}: {flip.change}"


def _stretches(deal: Deal, found: Breakeven) -> str:
    headers = ["stretch", "from", "to", "objective at from", "at to", "USD per unit", "", "target"]
    cells = [
        [
            f"{index}",
            *map(number, (stretch.low, stretch.high)),
            *map(_usd, (stretch.low_usd, stretch.high_usd)),
            "-" if stretch.usd_per_unit is None else money(stretch.usd_per_unit),
            _rate(stretch),
            "reached" if stretch.at_target else "",
        ]
        for index, stretch in enumerate(found.stretches, 1)
    ]
    if not found.target:
        headers, cells = headers[:-1], [row[:-1] for row in cells]
    title = (
        f"Stretches between flips (objective in USD over {deal.horizon_months} months; per unit: its change per 1 of "
        "the field, the same everywhere in the stretch or on average)"
    )
    return table(title, headers, cells, left=0)


def _rate(stretch: Stretch) -> str:
    return "" if stretch.usd_per_unit is None else "everywhere" if stretch.is_even else "average"
