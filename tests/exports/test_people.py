"""People: summaries of seats, Claude Code by user, spend reports, members."""

from datetime import date

import pytest

from deal_solve.errors import InputError
from deal_solve.exports.read import read_exports
from tests.support.exports import OPUS, SPEND_COLUMNS, billed, daily, totals, usage, write

SPEND_NAME = "spend-report-1234-2026-09-01-to-2026-09-30.csv"
SPEND_LINES = (
    f'jane@example.com,u1,Chat,{OPUS},"1,200",1700,500,40.00,50.00,u1,1000,200,300,200,3,,',
    "(org service usage),,(org service),,0,0,0,5.00,5.00,,0,0,0,0,0,,",
)


def test_late_days_are_held_back_beside_a_report_of_an_earlier_range(tmp_path):
    """The report ends on 30 September; usage goes on to 2 November, of which the last two days may come late."""
    text = "\n".join([SPEND_COLUMNS, *SPEND_LINES]) + "\n"
    files = [write(tmp_path, SPEND_NAME, text), write(tmp_path, "u.json", daily(63, usage()))]
    assert read_exports(files).last == date(2026, 10, 31)
    assert read_exports(files[:1]).last == date(2026, 9, 30)


def test_seats_of_summaries(tmp_path):
    rows = [
        {
            "starting_at": f"2026-09-{day:02}T00:00:00Z",
            "assigned_seat_count": 400,
            "daily_active_user_count": 100,
            "weekly_active_user_count": 200 + day,
            "monthly_active_user_count": None,
        }
        for day in (1, 2)
    ]
    found = read_exports([write(tmp_path, "s.json", {"summaries": rows})])
    assert [(each.assigned, each.active_week, each.active_month) for each in found.seats] == [
        (400, 201, None),
        (400, 202, None),
    ]


def test_claude_code_by_user_hides_the_address(tmp_path):
    row = {
        "date": "2026-09-01T00:00:00Z",
        "actor": {"type": "user_actor", "email_address": "user@example.com"},
        "core_metrics": {"num_sessions": 15},
        "model_breakdown": [
            {
                "model": "claude-opus-4-8",
                "tokens": {"input": 45230, "output": 12450, "cache_read": 8790, "cache_creation": 2340},
                "estimated_cost": {"currency": "USD", "amount": 186},
            }
        ],
    }
    found = read_exports([write(tmp_path, "c.json", {"data": [row]})])
    assert totals(found) == {"input": 45230, "output": 12450, "cache_read": 8790, "cache_write": 2340}
    assert "example.com" not in str(found.used)


def test_a_spend_report_takes_its_days_from_its_name(tmp_path):
    text = "\r\n".join([SPEND_COLUMNS, *SPEND_LINES]) + "\r\n"
    found = read_exports([write(tmp_path, SPEND_NAME, text)])
    assert totals(found) == {
        "input": 1000,
        "output": 500,
        "cache_read": 200,
        "cache_write_5m": 300,
        "cache_write_1h": 200,
        "web_searches": 3,
        "requests": 1200,
    }
    assert billed(found) == {"usage": 45.0}
    assert found.days == 30


def test_a_spend_report_of_nine_columns_has_prompt_tokens_alone(tmp_path):
    header = ",".join(SPEND_COLUMNS.split(",")[:9])
    line = f"jane@example.com,u1,Chat,{OPUS},1200,1700,500,40.00,50.00"
    found = read_exports([write(tmp_path, SPEND_NAME, f"{header}\n{line}\n")])
    assert totals(found) == {"input": 1700, "output": 500, "requests": 1200}


def test_a_spend_report_of_another_name_has_no_days(tmp_path):
    with pytest.raises(InputError, match="says its days only in its name"):
        read_exports([write(tmp_path, "spend.csv", "\n".join([SPEND_COLUMNS, *SPEND_LINES]))])


def test_members_are_counted_once_and_pending_ones_left_out(tmp_path):
    rows = "Jane,Jane@Example.com,Admin,Premium", "Jane,jane@example.com,Admin,premium", ",,Member,standard"
    found = read_exports([write(tmp_path, "m.csv", "\n".join(["Name,Email,Role,Seat Tier", *rows]) + "\n")])
    assert found.members == 1
    assert found.files[0].left_out == {"members without an e-mail, who have not joined yet": 1}


def test_members_who_are_not_active_are_left_out_by_their_status(tmp_path):
    rows = "A,a@x.com,Member,Premium,active", "B,b@x.com,Member,Premium,Inactive", "C,c@x.com,Member,Premium,Pending"
    rows += "D,d@x.com,Member,Premium,REMOVED", "E,e@x.com,Member,Premium,"
    found = read_exports([write(tmp_path, "m.csv", "\n".join(["Name,Email,Role,Seat Tier,Status", *rows]) + "\n")])
    assert found.members == 2
    left = {f"members who are {why}": 1 for why in ("inactive", "pending", "removed")}
    assert found.files[0].left_out == left


def test_a_status_that_nobody_knows_is_refused(tmp_path):
    text = "Name,Email,Role,Seat Tier,Status\nA,a@x.com,Member,Premium,asleep\n"
    with pytest.raises(InputError, match="Status: 'Asleep' is not known; expected Active, Inactive, Pending"):
        read_exports([write(tmp_path, "m.csv", text)])


def test_a_spend_report_is_spread_evenly_over_its_range(tmp_path):
    """It says no days: of 1,000 requests in September and October each of 61 days has 16 or 17, to the token."""
    row = "a@x.com,u1,API,claude-opus-5,1000,1000001,20000,5.53,6.00,id1,900001,50000,50000,0,0,,"
    name = "spend-report-1-2026-09-01-to-2026-10-31.csv"
    found = read_exports([write(tmp_path, name, "\n".join([SPEND_COLUMNS, row]) + "\n")])
    requests = {place.day: amount for (place, quantity), amount in found.used.items() if quantity == "requests"}
    assert (len(requests), sum(requests.values())) == (61, 1000)
    assert set(requests.values()) == {16, 17}
    assert totals(found)["input"] == 900_001
    assert sum(charge.net for charge in found.charged.values()) == 5_530_000_000
    assert any("says no days and is spread evenly over its range" in note for note in found.notes)
