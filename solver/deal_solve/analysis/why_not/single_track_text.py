"""Single-track alternatives in print: everyone on seats, and everything on the API, each against this deal."""

from __future__ import annotations

from collections.abc import Sequence

from deal_solve.analysis.why_not.result import WhyNot
from deal_solve.analysis.why_not.text import answer_report
from deal_solve.deal.deal import Deal


def single_track_report(deal: Deal, answers: Sequence[WhyNot]) -> str:
    """Return what each wrong track costs more and where."""
    return "\n\n".join(answer_report(deal, f"Single track: {each.asked}", each, each.asked) for each in answers)
