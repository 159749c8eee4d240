"""What the file counts from its start goes on where it stands in the deal from here on, or is named."""

import pytest

from deal_solve.analysis.track.text import track_report
from deal_solve.analysis.track.track import track
from tests.support.exports import write
from tests.support.exports.tracked import DEAL, PLAN, written

SEATS = "quote: {terms: [12, 24], seats: {enterprise: {usd_per_user_month: 15}}, "
STAFF = """
cohorts:
  staff: {headcount: 100, tracks: [enterprise], covered_share: {enterprise: 100%}, MORE}
"""
ON_SEATS = PLAN + "seats: {enterprise: {offer: quote, term_months: 12, contracted: 30}}\ntracks: {staff: enterprise}\n"


SEATED = DEAL.replace("quote: {terms: [12, 24], ", SEATS) + STAFF.replace(", MORE", "")


def tracked(folder, more="", plan=PLAN, api=""):
    """Track the deal with more in its file, and `api` more of its workload."""
    text = DEAL.replace("quote: {terms: [12, 24], ", SEATS) if "enterprise" in more else DEAL
    return track(*written(folder, text.replace("output_tokens: 0", f"output_tokens: 0{api}") + more, plan))


def with_staff(folder, more):
    return tracked(folder, STAFF.replace("MORE", more), ON_SEATS)


def users(found, month):
    return found.about.scenarios.in_memory().users["staff"][month]


def test_a_ramp_goes_on_where_it_stands(tmp_path):
    """From 10 of 100 to all in 12 months, 2 of which are over: 10 + 90 · 2/12 = 25, and all in month 10."""
    found = with_staff(tmp_path, "ramp: {from_share: 10%, months: 12}")
    assert users(found, 0) == pytest.approx(25)
    assert users(found, 9)[0] < users(found, 10)[0] == pytest.approx(100)
    assert found.position.seats[0].expected_active == pytest.approx(25)


def test_people_who_grow_have_grown_since(tmp_path):
    """100 that double in a year began in 2026-08, a month before the deal: 100 · 2^(3/12) in 2026-11."""
    found = with_staff(tmp_path, "starts: 2026-08, headcount_growth_per_year: 100%")
    assert users(found, 0) == pytest.approx(100 * 2**0.25)


@pytest.mark.parametrize("is_listed", [True, False])
def test_seats_assigned_are_measured_where_active_users_are_forecast(tmp_path, is_listed):
    """100 users are forecast; 2 people are on the list of members, and no export says how many of them are active."""
    deal, plan, days = written(tmp_path, SEATED, ON_SEATS)
    people = "Name,Email,Role,Seat Tier\nA,a@example.com,User,Standard\nB,b@example.com,User,Standard\n"
    found = track(deal, plan, days, *([write(tmp_path, "members.csv", people)] if is_listed else []))
    text = " ".join(track_report(found.about.deal, found).split())
    assert (found.seats_assigned, found.seats_active) == (2 if is_listed else None, None)
    assert ("measured: 2 seats assigned of 30 contracted, how many are active no export says" in text) is is_listed
    assert ("no export says how many seats are assigned" in text) is not is_listed


def test_the_share_of_seats_that_is_active_is_measured_by_the_summaries(tmp_path):
    """5 of 10 seats."""
    deal, plan, days = written(tmp_path, SEATED, ON_SEATS)
    seats = {"starting_at": "2026-10-31T00:00:00Z", "assigned_seat_count": 10, "weekly_active_user_count": 5}
    found = track(deal, plan, days, write(tmp_path, "s.json", {"summaries": [seats]}))
    text = " ".join(track_report(found.about.deal, found).split())
    assert (found.seats_assigned, found.seats_active) == (10, 0.5)
    assert "measured: 10 seats assigned of 30 contracted, 50% active in the last week" in text


def test_idle_seats_that_a_ramp_fills_are_not_to_be_given_back(tmp_path):
    few, all_of_them = (
        next(step.what for step in with_staff(tmp_path, f"{share}ramp: {{months: 24}}").steps if "idle" in step.what)
        for share in ("active_share: 5%, ", "")
    )
    assert "renew fewer in 2027-09" in few
    assert "keep them: they are in use by 2027-09" in all_of_them


def test_usage_of_people_has_grown_since(tmp_path):
    use = "use: {requests_per_user_month: 100, growth_per_year: GROWTH, input_tokens: 1, output_tokens: 1, "
    use += "models: [opus]}"
    found = with_staff(tmp_path, use.replace("GROWTH", "21%"))
    assert found.about.scenarios.in_memory().per_user["staff"][0] == pytest.approx(100 * 1.21 ** (2 / 12))
    assert not any("cohorts.staff" in note for note in found.notes)
    found = with_staff(tmp_path, use.replace("GROWTH", "{p10: 0%, p50: 21%, p90: 50%}"))
    assert "cohorts.staff.use: goes on from what it grew to since 2026-09 at P50" in found.notes


def test_a_workload_that_is_not_measured_has_grown_since(tmp_path):
    """Doubles in a year: 2^(2/12) of 500."""
    bot = "  bot: {requests_per_month: 500, growth_per_year: {p10: 50%, p50: 100%, p90: 200%}, input_tokens: 1,"
    bot += " output_tokens: 1, models: [opus]}\n"
    text = DEAL.replace("offers:\n", f"{bot}offers:\n")
    found = track(*written(tmp_path, text))
    assert found.about.scenarios.in_memory().requests["bot"][0] == pytest.approx(500 * 2 ** (2 / 12))
    assert "workloads.bot: not measured; it goes on from what it grew to since 2026-09 at P50" in found.notes


EVENT = "uncertainty: {events: {late: {probability: 30%, workloads: [api], MORE}}}\n"


@pytest.mark.parametrize("more", ["delay_months: 6", "factor: 2", "factor: 2, from_month: 2026-10"])
def test_an_event_that_has_shown_in_what_was_measured_is_left_out(tmp_path, more):
    found = tracked(tmp_path, EVENT.replace("MORE", more))
    assert not found.about.deal.uncertainty.events
    (note,) = (note for note in found.notes if "events.late" in note)
    assert note.endswith("what was measured of api shows whether it came; left out")


def test_an_event_to_come_is_still_to_come_and_delays_nothing_that_runs(tmp_path):
    found = tracked(tmp_path, EVENT.replace("MORE", "factor: 2, from_month: 2027-01, delay_months: 3"))
    event = found.about.deal.whole.uncertainty.events["late"]
    assert (event.factor, event.delay_months, f"{event.from_month:%Y-%m}") == (2, 0, "2027-01")


def test_a_limit_on_a_contract_year_is_named(tmp_path):
    found = tracked(
        tmp_path,
        "limits: [{of: contract year 1, measure: worst, at_most: 1}, {of: total, measure: worst, at_most: 1M}]\n",
    )
    assert [limit.of for limit in found.about.deal.limits] == ["total"]
    assert "limits[0]: is about a contract year of what is signed; left out of the deal from here on" in found.notes


def test_yearly_changes_of_prices_begin_with_the_year_that_runs(tmp_path):
    text = (
        DEAL.replace("2026-09", "2025-09") + "uncertainty: {list_price_change_per_year: {models: [-50%, -10%, 0%]}}\n"
    )
    found = track(*written(tmp_path, text, PLAN.replace("12", "24")))
    (first, second) = found.about.deal.whole.uncertainty.list_price_change_per_year["models"]
    assert (first.p50, second.p50) == (-0.1, 0)


def test_what_was_paid_once_is_not_paid_again(tmp_path):
    more = ", projects: {rerouting: {usd: 900, ready_month: 3}}"
    plan = PLAN + "projects: {api: [rerouting]}\n"
    project = tracked(tmp_path, plan=plan, api=more).about.deal.whole.workloads["api"].projects["rerouting"]
    assert (project.usd, project.ready_month) == (0, 1)
    project = tracked(tmp_path, api=more).about.deal.whole.workloads["api"].projects["rerouting"]
    assert (project.usd, project.ready_month) == (900, 1)
