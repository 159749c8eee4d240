"""People: seats assigned and in use, Claude Code by user, the spend report of an Enterprise organisation, members."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from deal_solve.exports.files import Json, text_of, whole
from deal_solve.exports.reader import JsonReader, Source, TableReader, charge_frame, use_frame, utc_day
from deal_solve.exports.row import Place, SeatDay
from deal_solve.exports.tally import Tally
from deal_solve.exports.values import MEMBER_STATUS, column_of

if TYPE_CHECKING:
    import pandas as pd

SUMMARIES = Source("analytics summaries", "seats", 0)
USERS = Source("analytics users", "seats", 1)
CLAUDE_CODE = Source("Claude Code analytics", "gateway", 3)
SPEND = Source("spend report", "people", 2)
MEMBERS = Source("members", "seats", 2)
SPEND_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})-to-(\d{4}-\d{2}-\d{2})")


def _summary(record: Json, tally: Tally) -> None:
    def count(name: str) -> int | None:
        return None if record.get(name) is None else whole(record, name)

    tally.seats.append(
        SeatDay(
            utc_day(record["starting_at"]),
            count("assigned_seat_count"),
            count("daily_active_user_count"),
            count("weekly_active_user_count"),
            count("monthly_active_user_count"),
        )
    )


def _user(record: Json, tally: Tally) -> None:
    user = record["user"]
    name = text_of(user, "id") or text_of(user, "email_address") or "unknown"
    tally.members[name] = tally.members.get(name, 0) + 1


def _claude_code(record: Json, tally: Tally) -> None:
    actor = record["actor"]
    who = text_of(actor, "email_address") or text_of(actor, "api_key_name")
    day = utc_day(record["date"])
    for part in record.get("model_breakdown") or ():
        tokens = part.get("tokens") or {}
        tally.use(
            Place(day, text_of(part, "model"), user=who, product="claude_code"),
            input=whole(tokens, "input"),
            output=whole(tokens, "output"),
            cache_read=whole(tokens, "cache_read"),
            cache_write=whole(tokens, "cache_creation"),
        )


def spend_days(name: str) -> tuple[date, date] | None:
    """Return first and last day of a spend report, which only its name says; raises ValueError."""
    match = SPEND_RANGE.search(name)
    if match is None:
        return None
    first, last = utc_day(match[1]), utc_day(match[2])
    if last < first:
        raise ValueError(f"its name says that it ends on {last}, before it begins on {first}")
    return first, last


def _spend(frame: pd.DataFrame, tally: Tally) -> None:
    first, last = spend_days(str(frame.attrs["file"])) or (None, None)
    if first is None or last is None:
        raise ValueError(
            "a spend report says its days only in its name; keep it as spend-report-…-YYYY-MM-DD-to-YYYY-MM-DD.csv"
        )
    tally.covers = first, last
    email = frame["user_email"].astype(str)
    frame = frame.assign(day=f"{first}", who=email.where(~email.str.startswith("("), "(org)"))
    places = {"day": "day", "model": "model", "user": "who", "product": "product"}
    has_split = "total_uncached_input_tokens" in frame
    use_frame(
        tally,
        frame,
        places,
        {
            "input": "total_uncached_input_tokens" if has_split else "total_prompt_tokens",
            "output": "total_completion_tokens",
            "cache_read": "total_cache_read_tokens",
            "cache_write_5m": "total_cache_write_5m_tokens",
            "cache_write_1h": "total_cache_write_1h_tokens",
            "web_searches": "total_web_search_count",
            "requests": "total_requests",
        },
    )
    charge_frame(
        tally, frame, places, frame["product"].map(lambda _: "usage"), "total_net_spend_usd", "total_gross_spend_usd"
    )


def _members(frame: pd.DataFrame, tally: Tally) -> None:
    if "Status" in frame:
        status = column_of(frame.assign(Status=frame["Status"].str.strip().str.capitalize()), "Status", MEMBER_STATUS)
        for why in status[~status.isin(["", "active"])]:
            tally.leave_out(f"members who are {why}")
        frame = frame[status.isin(["", "active"])]
    email = frame["Email"].astype(str).str.strip()
    pending = int((email.isin(["", "nan"])).sum())
    for name in email[~email.isin(["", "nan"])]:
        tally.members[name.lower()] = 1
    for _ in range(pending):
        tally.leave_out("members without an e-mail, who have not joined yet")


JSON_READERS = (
    JsonReader(SUMMARIES, frozenset({"starting_at", "assigned_seat_count"}), _summary),
    JsonReader(USERS, frozenset({"user", "chat_metrics"}), _user),
    JsonReader(CLAUDE_CODE, frozenset({"date", "actor", "core_metrics"}), _claude_code),
)
TABLE_READERS = (
    TableReader(
        SPEND,
        (
            "user_email",
            "product",
            "model",
            "total_requests",
            "total_prompt_tokens",
            "total_completion_tokens",
            "total_net_spend_usd",
            "total_gross_spend_usd",
        ),
        (
            "account_uuid",
            "user_id",
            "total_uncached_input_tokens",
            "total_cache_read_tokens",
            "total_cache_write_5m_tokens",
            "total_cache_write_1h_tokens",
            "total_web_search_count",
            "slack_channel_id",
            "teams_channel_id",
        ),
        _spend,
        texts=(
            "user_email",
            "account_uuid",
            "product",
            "model",
            "user_id",
            "total_net_spend_usd",
            "total_gross_spend_usd",
            "slack_channel_id",
            "teams_channel_id",
        ),
    ),
    TableReader(
        MEMBERS,
        ("Name", "Email", "Role", "Seat Tier"),
        ("Status",),
        _members,
        texts=("Name", "Email", "Role", "Seat Tier", "Status"),
    ),
)
