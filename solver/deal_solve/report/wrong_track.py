"""The wrong track in print: everyone on seats, and everything on the API, each against this deal."""

from __future__ import annotations

from collections.abc import Sequence

from deal_solve.analysis.why_not import WhyNot
from deal_solve.deal.deal import Deal
from deal_solve.report.why_not import answer_report


def wrong_track_report(deal: Deal, answers: Sequence[WhyNot]) -> str:
    """Return what each wrong track costs more and where."""
    return "\n\n".join(answer_report(deal, f"The wrong track: {each.asked}", each, each.asked) for each in answers)
