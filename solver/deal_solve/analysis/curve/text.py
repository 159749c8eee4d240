"""What `curve` prints: the agreement, its best commitment, today's proposal, and the table of every band."""

from __future__ import annotations

from deal_solve.analysis.curve.result import Curve, CurvePoint
from deal_solve.deal.deal import Deal
from deal_solve.messages import counted
from deal_solve.report.difference import present_value
from deal_solve.report.scenarios import scenarios_text
from deal_solve.report.sentences import offer_sentence, title_line
from deal_solve.report.text import bullets, chance, heading, labelled, money, percent, round_amount, round_money, table

LEGEND = (
    "committed: a year, the same in every contract year of every term (under a ramp in the mean); where best or today "
    "differs by year its mean",
    "best, least: of each band; above best: by objective; used: utilisation; overage, short: probability of overage, "
    "of shortfall in any year; lost: forfeited; both expected",
)
MARKS = {"optimum": "best", "threshold": "least", "grid": "", "proposed": "today", "uncommitted": "none"}


def curve_report(deal: Deal, curve: Curve) -> str:
    """Return a curve in print."""
    head = [*heading(title_line(deal)), *labelled("Offer", offer_sentence(deal, curve.offer, curve.term_months))]
    head += labelled("Best", _best(deal, curve))
    if curve.uncommitted:
        head += labelled("Without", _versus_best(curve, curve.uncommitted))
    if curve.proposed:
        head += labelled("Today", _versus_best(curve, curve.proposed))
    head += labelled("Over", scenarios_text(curve.best.settlement.scenarios))
    parts = ["\n".join(head), _table(deal, curve)]
    parts += [bullets("Notes", curve.notes)] if curve.notes else []
    return "\n\n".join(parts) + "\n"


def _best(deal: Deal, curve: Curve) -> str:
    best = curve.optimum
    cost = f"{money(best.expected_usd)} expected over {counted(deal.compared_months, 'month')}"
    known = "" if curve.has_optimum else ", the best of the points in time"
    return f"{_committed(best)}: {cost}, objective {money(best.objective_usd)}{known}"


def _versus_best(curve: Curve, other: CurvePoint) -> str:
    """Return another point against the best commitment: the proposal, or no commitment."""
    above = other.objective_usd - curve.optimum.objective_usd
    api = other.plan.api
    where = f" from {api.offer}, {counted(api.term_months, 'month')}"
    if other.plan.signing_month > curve.best.plan.signing_month:
        where = " and nothing signed, what is in force running to its end"
    is_elsewhere = (api.offer, api.term_months) != (curve.offer, curve.term_months)
    more = f"{money(abs(above))} {'more' if above >= 0 else 'less'} than the best by objective"
    return f"{_committed(other)}{where * is_elsewhere}: {money(other.expected_usd)} expected, {more}"


def _committed(point: CurvePoint) -> str:
    if not point.commitment_usd_per_year:
        return "nothing committed"
    band = f"(band from {round_money(point.band_usd_per_year)})"
    return f"{round_money(point.commitment_usd_per_year)} USD committed a year {band}"


def _table(deal: Deal, curve: Curve) -> str:
    headers = ["band", "committed", "", "expected cost", "above best", "used", "overage", "short"]
    rows = [*curve.points, *(each for each in (curve.uncommitted, curve.proposed) if each)]
    cells = [
        [
            round_money(row.band_usd_per_year) if row.band_usd_per_year else "none",
            round_amount(row.commitment_usd_per_year),
            MARKS[row.mark] + ("" if row.is_proven else " GAP"),
            money(row.expected_usd),
            money(row.objective_usd - curve.optimum.objective_usd),
            "-" if row.utilisation is None else percent(row.utilisation),
            chance(row.overage_probability),
            chance(row.shortfall_probability),
            round_amount(row.forfeited_usd),
        ]
        for row in rows
    ]
    title = f"Commitment curve over {counted(deal.compared_months, 'month')} (USD{present_value(deal)})"
    return f"{table(title, [*headers, 'lost'], cells, left=0)}\n{bullets('', LEGEND)}"
