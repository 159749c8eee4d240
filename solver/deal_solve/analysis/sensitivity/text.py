"""What `sensitivity` prints: the tornado, what flexibility is worth, and the Sobol indices of the plan."""

from __future__ import annotations

from deal_solve.analysis.sensitivity.result import Bar, Sensitivity, Sobol
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.basics import NOT_IN_TIME
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import api_sentence, title_line
from deal_solve.report.text import bullets, heading, labelled, money, percent, table, whole_money

CHANGED = "*"
"""Marks an end at which another deal is best."""


UNITS = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


def sensitivity_report(deal: Deal, found: Sensitivity) -> str:
    """Return what a deal hangs on, in print."""
    best = found.best
    head = [*heading(title_line(deal)), *labelled("Sign", api_sentence(deal, best.plan.api))]
    head += labelled("Today", f"objective {money(best.objective_usd)} over {counted(deal.compared_months, 'month')}")
    head += labelled("Over", scenarios_text(best.settlement.scenarios))
    moving = [bar for bar in found.bars if moves(bar, best.objective_usd)]
    still = [bar.path for bar in found.bars if bar not in moving]
    head += [] if found.is_proven else labelled("Proof", "GAP: not every solve is proven")
    parts = ["\n".join(head), _tornado(deal, moving, best.objective_usd)]
    if found.sobol and found.sobol.indices:
        parts.append(_indices(found.sobol))
    parts += [bullets("Changes nothing, a step down or up", [", ".join(still)])] if still else []
    notes = (*found.notes, *_about_factors(found.sobol))
    parts += [bullets("Notes", dict.fromkeys(notes))] if notes else []
    return "\n\n".join(parts) + "\n"


def short(value: float) -> str:
    """Return a value as one writes it in a deal file.

    >>> short(0.11), short(380_000.0), short(2_900_000.0)
    ('0.11', '380k', '2.9M')
    """
    unit, suffix = next((each for each in UNITS if abs(value) >= each[0]), (1.0, ""))
    return f"{value / unit:.6g}{suffix}"


def moves(bar: Bar, today_usd: float) -> bool:
    """Whether a number moves the objective by a dollar or the deal, or has an end without a deal."""
    ends = (bar.low_usd, bar.high_usd, bar.held_low_usd, bar.held_high_usd)
    return bar.flips_low or bar.flips_high or any(usd is None or abs(usd - today_usd) >= 1 for usd in ends)


def _tornado(deal: Deal, bars: list[Bar], today_usd: float) -> str:
    ends = [f"{what}at {end}" for what in ("", "gain ") for end in ("low", "high")]
    cells = [
        [
            bar.path,
            *map(short, (bar.low, bar.high)),
            _change(bar.low_usd, today_usd, bar.low_in_time) + CHANGED * bar.flips_low,
            _change(bar.high_usd, today_usd, bar.high_in_time) + CHANGED * bar.flips_high,
            *("-" if usd is None else whole_money(usd) for usd in bar.flexibility_usd),
        ]
        for bar in bars
    ]
    over = f"over {counted(deal.compared_months, 'month')}"
    title = (
        f"Tornado {over} (change of the objective in USD{present_value(deal)}: the deal "
        f"re-optimised at low and high, P10 and P90, a tenth or one step, {CHANGED} where another deal is best; gain: "
        "what that saves against today's plan held there, flexibility)"
    )
    return table(title, ["number", "low", "high", *ends], cells)


def _change(usd: float | None, today_usd: float, is_in_time: bool) -> str:
    if usd is None:
        return "-" if is_in_time else NOT_IN_TIME
    change = round(usd - today_usd)
    return f"{change:+,}" if change else "0"


def _indices(found: Sobol) -> str:
    cells = [
        [
            row.factor,
            row.of,
            percent(row.first),
            f"{percent(row.first_low)} to {percent(row.first_high)}",
            percent(row.total),
            f"{percent(row.total_low)} to {percent(row.total_high)}",
        ]
        for row in found.indices
    ]
    title = (
        "Sobol indices of today's plan (share of the variance that each makes alone, and with others; 95% intervals; "
        f"{counted(found.size, 'scenario')}, seed {found.seed})"
    )
    return table(title, ["factor", "of", "first", "interval", "total", "interval"], cells, left=2)


def _about_factors(found: Sobol | None) -> tuple[str, ...]:
    """Return what the factors are where they are not the inputs."""
    if found is None or found.are_inputs:
        return ()
    return ("bands move together, so the indices are those of the independent factors behind them, not of the bands",)
