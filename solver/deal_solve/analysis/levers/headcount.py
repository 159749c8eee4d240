"""Seats at headcount: everybody on a seat, whether it is used or not."""

from __future__ import annotations

import math

import numpy as np

from deal_solve.deal.cohort import NONE
from deal_solve.deal.deal import LIST, Deal
from deal_solve.deal.numbers import certain
from deal_solve.plan.proposal import Proposal
from deal_solve.plan.resolved import resolve
from deal_solve.plan.tracks import is_seat_type, missing_controls
from deal_solve.plan.unknown_limits import is_closed
from deal_solve.uncertainty.paths import active_users, middle
from deal_solve.uncertainty.scenario_set import Array


def seats_at_headcount(deal: Deal) -> Proposal:
    """Return tracks and seats of a deal at list: each cohort on its first open seat type, one seat a head.

    A cohort without an open seat type takes its first internal tool, else none. The seats of a contract year are the
    largest headcount in it (growth at P50, adoption left out), rounded up, and at least the card's minimum.
    """
    tracks = {name: _first_track(deal, name) for name in deal.cohorts}
    seats = {}
    for seat_type in dict.fromkeys(track for track in tracks.values() if is_seat_type(deal, track)):
        heads = sum(_heads(deal, name) for name, track in tracks.items() if track == seat_type)
        seat_plan = deal.card.plan_of(seat_type)
        minimum = seat_plan.minimum if seat_plan else 0
        peaks = np.maximum.reduceat(heads, range(0, deal.horizon_months, 12))
        counts = [max(math.ceil(peak - 1e-9), minimum) for peak in peaks]
        seats[seat_type] = {"offer": LIST, "term_months": 12, "contracted": counts}
    return Proposal.model_validate({"tracks": tracks, "seats": seats})


def _first_track(deal: Deal, cohort_id: str) -> str:
    tracks = deal.cohorts[cohort_id].tracks
    seats = [track for track in tracks if is_seat_type(deal, track)]
    tools = [track for track in tracks if track in deal.internal_tools]
    ranked = [track for track in seats if _is_open(deal, cohort_id, track)]
    return next(iter((*ranked, *tools)), seats[0] if seats else NONE)


def _is_open(deal: Deal, cohort_id: str, seat_type: str) -> bool:
    provided = resolve(deal).offers[LIST].seats[seat_type].provides
    lacking = missing_controls(deal, cohort_id, seat_type, LIST, LIST)
    is_within = not is_closed(deal, cohort_id, seat_type, LIST)
    return not lacking and is_within and provided.issuperset(deal.requires_on_both_lines)


def _heads(deal: Deal, cohort_id: str) -> Array:
    """Return people per month, (H,): the users of a cohort in which everybody is active from the first day."""
    everybody = {"active_share": certain(1.0), "active_now": None, "ramp": None, "assigned_per_active": 1.0}
    cohorts = {cohort_id: deal.cohorts[cohort_id].model_copy(update=everybody)}
    heads: Array = active_users(deal.whole.model_copy(update={"cohorts": cohorts}), cohort_id, middle)[:, 0]
    return heads[deal.signing_month :]
