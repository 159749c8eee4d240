"""The calendar as a file: a library reads back every event, on its day, with the words that it has in print."""

from datetime import date

import icalendar
import pytest

from deal_solve import calendar, complete, load, settle
from deal_solve.analysis.document.ics import ics_of
from deal_solve.plan.proposal import Proposal
from deal_solve.uncertainty.expansion import scenarios_of
from tests.support.hand_deals import newsvendor
from tests.support.paths import EXAMPLES


def settled(deal):
    """Return what a plan costs that takes the first offer with an API part, at its highest band."""
    if deal.is_open:
        deal = deal.signed_in(deal.signing_months[0])
    offer = next(name for name, each in deal.offers.items() if each.api)
    scenarios = scenarios_of(deal)
    plan, _ = complete(deal, Proposal.model_validate({"api": {"offer": offer}}), scenarios)
    return settle(deal, plan, scenarios)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_library_reads_every_event_back(path):
    settlement = settled(load(path))
    text = ics_of(settlement)
    read = icalendar.Calendar.from_ical(text)
    assert not read.errors
    events = read.walk("VEVENT")
    assert not any(event.errors for event in events)
    assert len({event["UID"] for event in events}) == len(events)
    wanted = [(event.day, event.what.lower()) for event in calendar(settlement)]
    assert [(event.start, str(event["SUMMARY"]).lower()) for event in events] == wanted
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_what_recurs_has_a_rule():
    """Twelve invoices of a commitment paid month by month are one event with a rule."""
    deal = newsvendor(period="month")
    invoice = next(
        event
        for event in icalendar.Calendar.from_ical(ics_of(settled(deal))).walk("VEVENT")
        if event["CATEGORIES"].to_ical() == b"INVOICE"
    )
    assert invoice.start == date(2027, 1, 1)
    assert dict(invoice["RRULE"]) == {"FREQ": ["MONTHLY"], "INTERVAL": [1], "COUNT": [12]}


def test_what_is_paid_at_the_end_of_a_month_recurs_on_its_last_day():
    """Usage in arrears of twelve months: from 31 January on, in months of 28 and 30 days too."""
    deal = newsvendor(payment="arrears")
    bill = next(
        event
        for event in icalendar.Calendar.from_ical(ics_of(settled(deal))).walk("VEVENT")
        if event["CATEGORIES"].to_ical() == b"BILL"
    )
    assert bill.start == date(2027, 1, 31)
    assert dict(bill["RRULE"]) == {"FREQ": ["MONTHLY"], "INTERVAL": [1], "COUNT": [12], "BYMONTHDAY": [-1]}


def test_a_count_of_users_recurs_to_the_end_of_its_term():
    deal = load(next(path for path in EXAMPLES if path.stem == "hybrid"))
    for event in calendar(settled(deal)):
        if event.kind == "count":
            times, months = event.recurrence
            assert f"{times > 1}" == f"{'then every' in event.what}"
            assert times == 1 or months in (1, 3, 12)


@pytest.mark.parametrize("title", ["a; b, c\\d", "x" * 200, "\u202egnp.exe", "BEGIN:VEVENT", "中文 😀 $1"])
def test_titles_are_text(title):
    deal = newsvendor()
    named = deal.model_copy(
        update={"offers": {name: each.model_copy(update={"title": title}) for name, each in deal.offers.items()}}
    )
    plain, odd = (icalendar.Calendar.from_ical(ics_of(settled(each))) for each in (deal, named))
    assert len(odd.walk()) == len(plain.walk())
    shown = title.replace("\u202e", r"\u202e")
    assert any(shown in str(event["SUMMARY"]) for event in odd.walk("VEVENT"))
