"""Cloud commitments of a signed deal: their years go on, with what purchases have retired, and the position says so."""

import pytest

from deal_solve.analysis.track.text import track_report
from deal_solve.analysis.track.track import track
from tests.support.exports.tracked import DEAL, PLAN, written

AWS = """
cloud_commitments:
  aws: {usd_per_year: [10k, 20k, 30k], other_spend_usd_per_year: [6k, 18k, 30k]}
"""


def tracked(folder, plan=PLAN, start="2026-09", **changes):
    """Track the deal bought through AWS, with words of its file replaced."""
    text = DEAL.replace("overage: list}", "overage: list}, channel: {through: aws}") + AWS
    for old, new in changes.values():
        text = text.replace(old, new)
    return track(*written(folder, text.replace("2026-09", start), plan))


def cloud(found):
    return found.about.deal.whole.cloud_commitments["aws"]


def test_the_year_that_runs_goes_on(tmp_path):
    """3,000 were paid in 2026-09: of 10,000 other spend is 6,000, and 1,000 will lack in 2027-09."""
    found = tracked(tmp_path)
    assert (f"{cloud(found).year_started:%Y-%m}", cloud(found).retired_usd) == ("2026-09", 3000)
    assert cloud(found).usd_per_year == (10_000, 20_000, 30_000, 30_000)
    assert "cloud_commitments.aws: states no year from 2029-09; it goes on as in the year before" in found.notes
    (row,) = found.clouds
    assert (row.ends, row.committed_usd, row.retired_usd, row.to_come_usd) == ("2027-09", 10_000, 3000, 0)
    assert (row.other_spend_usd, row.shortfall_usd, row.shortfall_probability) == (6000, 1000, 1)
    assert "aws: 3,000 of 10,000 retired by purchases, 0 to come until 2027-09" in " ".join(
        track_report(found.about.deal, found).split()
    )
    assert any("to aws will lack" in step.what and step.usd == 1000 for step in found.steps)


def test_a_year_that_begins_with_the_first_open_month_is_the_next_one(tmp_path):
    found = tracked(tmp_path, start="2025-11", plan=PLAN.replace("12", "24"))
    assert (cloud(found).year_started, cloud(found).retired_usd) == (None, 0)
    assert cloud(found).usd_per_year == (20_000, 30_000, 30_000)
    assert [band.p50 for band in cloud(found).other_spend_usd_per_year] == [18_000, 30_000, 30_000]


def test_what_is_billed_as_it_is_used_retires_as_it_was_measured(tmp_path):
    """61 days of 4 USD at contracted rates, half of which counts."""
    found = tracked(
        tmp_path,
        more=("overage: list", "overage: list, payment: arrears"),
        half=("through: aws", "through: aws, counts: 50%"),
    )
    assert cloud(found).retired_usd == pytest.approx(61 * 4 / 2)


def test_overage_retires_at_its_own_price(tmp_path):
    """Of 244 at contracted rates 200 are prepaid; the 44 beyond are 55 at list."""
    found = tracked(tmp_path, plan=PLAN.replace("3k", "200"), more=("1k, discount", "100, discount"))
    assert cloud(found).retired_usd == pytest.approx(200 + 55)


def test_seats_retire_too(tmp_path):
    """10 seats at 15 a month are paid for a year in advance."""
    staff = "\ncohorts:\n  staff: {headcount: 10, tracks: [enterprise], covered_share: {enterprise: 100%}}\n"
    seats = "api: {bands", "seats: {enterprise: {usd_per_user_month: 15}}, api: {bands"
    plan = PLAN + "seats: {enterprise: {offer: quote, term_months: 12, contracted: 20}}\ntracks: {staff: enterprise}\n"
    found = tracked(tmp_path, plan=plan, more=("\noffers:", f"{staff}offers:"), seats=seats)
    assert cloud(found).retired_usd == pytest.approx(3000 + 20 * 15 * 12)
