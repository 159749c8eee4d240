"""Generated offers: the whole clause space of API part, seats part and offer; thresholds are set to the usage."""

from typing import Any

from deal_solve.deal.clauses.clause import a_tenth_in_whole, a_twentieth, one_point, ten_points
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.offers.api import PERIOD_MONTHS
from deal_solve.deal.offers.terms import TERM_MONTHS
from tests.support.generators.draw import Draw
from tests.support.generators.estimate import Estimate, round_to

Data = dict[str, Any]

DRAWN = (
    "ramp",
    "yearly_minimum",
    "usd_per_user_month",
    "list_usd_per_user_month",
    "minimum",
    "maximum",
    "covered_share",
    "reduction_right",
    "counts_toward_commitment",
    "renewal_cap",
)
"""Clauses that are one number and are drawn near where they bind; the other ones are drawn as they are negotiated."""
NEWEST = {
    "opus": "claude-opus-5-5",
    "sonnet": "claude-sonnet-5-5",
    "haiku": "claude-haiku-5-5",
    "fable": "claude-fable-5-2",
}


def offer(c: Draw, horizon: int, seat_types: list[str], estimate: Estimate, needs_api: bool) -> Data:
    """Return an offer with an API part, a seats part, or both, near where its clauses bind."""
    kind = c.weighted(("both", 7), ("api", 2), ("seats", 0 if needs_api else 2)) if seat_types else "api"
    must_stay = horizon > 12 and c.chance(30)
    paper: Data = {"terms": {12: {"api": 0.25, "seats": 0.25}} if must_stay else _terms(c, horizon)}
    if kind != "seats":
        paper["api"] = api_part(c, horizon, estimate, min(paper["terms"]))
    if kind != "api":
        types = c.some(seat_types) if len(seat_types) > 1 else seat_types
        paper["seats"] = {name: seat_part(c, name, estimate, kind == "both") for name in types}
    if kind == "both" and c.chance(45) and not (_at_list(paper["api"]) and _differs(paper["api"])):
        paper["bundle"] = _bundle(c, paper, estimate)
    if c.chance(30):
        paper["discounts"] = "add"
    paper["price_protection"] = c.weighted(
        ("none", 5), ("locked", 4), ("pass_through", 3), ({"capped": c.pick(0.03, 0.1)}, 3)
    )
    if horizon > min(paper["terms"]):
        paper |= _renewal(c, paper, must_stay)
    return {**paper, **_other_numbers(c, "offer", estimate)}


def _renewal(c: Draw, paper: Data, must_stay: bool) -> Data:
    """Return the price of a renewal, dear where it must be taken, the right to leave or return, and a cap."""
    right = {"may_leave": False} if must_stay else c.pick(None, {"may_return": True})
    uplift = {"uplift": c.pick(0.3, 0.7) if must_stay else c.pick(0.05, 0.1, 0.2, 0.7)}
    price = c.weighted(("same", 4 - 3 * must_stay), ("list", 3), (uplift, 5))
    renewal: Data = {"renewal": {"price": price, **right} if right else price}
    if paper["price_protection"] != "none" and c.chance(75):
        renewal["renewal_cap"] = c.pick(0.0, 0.05)
    return renewal


def _terms(c: Draw, horizon: int) -> Data:
    """Return terms with their discounts; a term longer than the horizon stands beside a shorter one only."""
    fits = [length for length in TERM_MONTHS if length <= horizon]
    if len(fits) > 1 and c.chance(45):
        first, *longer = fits
        lengths = [first, *c.some(longer)]
    elif c.chance(10):
        lengths = [12, c.pick(36, 48, 60)]
    else:
        lengths = [c.weighted(*((length, length) for length in fits))]
    if not c.chance(65):
        return {length: {} for length in lengths}
    steps = {12: (0.0, 0.02), 24: (0.08, 0.15), 36: (0.2, 0.25), 48: (0.25, 0.3), 60: (0.3, 0.35)}
    return {length: {"api": c.pick(*steps[length]), "seats": c.pick(*steps[length])} for length in lengths}


def _other_numbers(c: Draw, part: str, estimate: Estimate) -> Data:
    """Return a number for each clause of a part that is drawn nowhere else in this module, by how it is negotiated."""
    usd = max(estimate.usage_usd, 1000.0)
    values = {
        one_point: (0.02, 0.05),
        ten_points: (0.2, 0.5),
        a_twentieth: (round_to(usd / 500, 2), round_to(usd / 100, 2)),
        a_tenth_in_whole: (5, 20),
    }
    found: Data = {}
    for clause in CLAUSES:
        ends = clause.numbers.get(clause.path[-1])
        alone = clause.part == part and ends is not None and len(clause.path) == 1
        if alone and clause.path[-1] not in DRAWN and c.chance(25):
            found[clause.path[-1]] = c.pick(*values[ends])
    return found


# API part


def api_part(c: Draw, horizon: int, estimate: Estimate, shortest: int) -> Data:
    """Return the API side: bands around the expected usage, and every clause of the drawdown.

    Months as periods go with short horizons, and with rollover only in the shortest: solves stay short.
    """
    part: Data = {"bands": _bands(c, estimate)}
    months = {12: 8, 24: 2}.get(horizon, 0)
    terms = 8 if shortest > 12 else 1
    part["period"] = c.weighted(("year", 5), ("half", 2), ("quarter", 2), ("month", months), ("term", terms))
    part["overage"] = c.weighted(("list", 3), ("contracted", 2), ({"premium": c.pick(0.2, 0.5, -0.05)}, 3))
    if c.chance(50) and part["period"] != "term" and (part["period"] != "month" or horizon == 12):
        part["unused"] = {"rollover": c.pick(1.0, 0.5)}
        if c.chance(50):
            part["unused"]["cap"] = c.pick(0.1, 0.05, 0.25)
    is_term = part["period"] == "term"
    part["payment"] = "arrears" if is_term else c.weighted(("prepaid", 3), ("prepaid_yearly", 2), ("arrears", 3))
    if is_term and c.chance(85):
        part["yearly_minimum"] = c.pick(1.0, 0.8)
    if (
        part["payment"] == "arrears"
        and "unused" not in part
        and shortest > PERIOD_MONTHS.get(part["period"], shortest)
        and c.chance(75)
    ):
        part["excess"] = "counts_next"
    part["ramp"] = c.weighted((None, 4), ("factors", 3), ("free", 0 if is_term else 3))
    if part["ramp"] == "factors":
        part["ramp"] = [c.pick(0.8, 1.0, 0.5), c.pick(1.0, 1.5), c.pick(1.5, 1.0, 2.0), 1.5, 2.0]
    if c.chance(30):
        part["credit"] = {"usd": round_to(max(estimate.usage_usd, 1000.0) * c.pick(0.1, 0.3), 2), "pays": "charges"}
        if not is_term and "excess" not in part and part["bands"][-1]["commit_usd_per_year"] and c.chance(60):
            part["credit"]["pays"] = "balance"
        else:
            part["credit"]["within_months"] = c.pick(6, 12, 3, 20)
    if c.chance(20):
        part["step_usd"] = round_to(max(estimate.usage_usd, 1000.0) / c.pick(10, 4), 2)
    is_plain = not is_term and "unused" not in part and part.get("credit", {}).get("pays") != "balance"
    if part["payment"] == "arrears" and is_plain and c.chance(65):
        part |= {"measured_at": "list", "overage": "contracted"}
        if c.chance(80):  # which needs one discount a band
            part["shortfall_at"] = "contracted"
            for band in part["bands"]:
                shares = band["discount"]
                band["discount"] = max(shares.values()) if isinstance(shares, dict) else shares
    return {**part, **_other_numbers(c, "api", estimate)}


def _at_list(part: Data) -> bool:
    return "measured_at" in part


def _differs(part: Data) -> bool:
    """Whether the discounts of a band differ by model."""
    return any(isinstance(band["discount"], dict) for band in part["bands"])


def _bands(c: Draw, estimate: Estimate) -> list[Data]:
    """Return one to three bands (and perhaps a zero band) between a third of the yearly usage and a bit above it."""
    count = c.weighted((1, 3), (2, 3), (3, 1))
    places = [c.number(0.25, 0.8, 0.05) + 0.25 * number for number in range(count)]
    first = c.number(0.1, 0.2, 0.02)
    bands = []
    kind = c.weighted(("single", 3), ("family", 2), ("model", 2))
    for number, index in enumerate(places):
        discount = round(first + c.number(0.04, 0.1, 0.02) * number, 4)
        usd = round_to(max(index, 0.2) * (1 - discount) * max(estimate.usage_usd, 1000.0), 3)
        bands.append({"commit_usd_per_year": usd, "discount": _discount(c, kind, discount)})
    bands.sort(key=lambda band: band["commit_usd_per_year"])
    bands = [b for n, b in enumerate(bands) if n == 0 or b["commit_usd_per_year"] > bands[n - 1]["commit_usd_per_year"]]
    if c.chance(20):
        bands.insert(0, {"commit_usd_per_year": 0, "discount": c.pick(0.02, 0.05)})
    return bands


def _discount(c: Draw, kind: str, discount: float) -> Any:
    """Return one discount, one per family, or one on models by id with another for the rest."""
    if kind == "single":
        return discount
    other = round(max(discount + c.pick(-0.05, 0.06), 0.0), 4)
    if kind == "family":
        return {"opus": discount, "sonnet": other, "haiku": discount, "fable": other}
    return {NEWEST[c.pick("sonnet", "opus", "haiku")]: other, "all": discount}


# Seats part


def seat_part(c: Draw, seat_type: str, estimate: Estimate, with_api: bool) -> Data:
    """Return a seat type near its users: price, limits, tiers, true-up and what it covers."""
    users = max(estimate.users.get(seat_type, 20.0), 5.0)
    part: Data = {}
    if seat_type == "pro":
        part["usd_per_user_month"] = c.pick(14, 18)
    elif c.chance(75):
        part["usd_per_user_month"] = c.pick(10, 8, 14)
    if c.chance(50):
        part["minimum"] = min(round(users * c.number(0.5, 1.2, 0.1)), 150)
    elif seat_type == "enterprise":
        part["minimum"] = 5
    if c.chance(28):
        part["maximum"] = max(round(users * c.number(0.4, 0.9, 0.1)), part.get("minimum", 2))
    part["billing"] = c.pick("yearly", "monthly")
    if part["billing"] == "monthly" and seat_type == "enterprise":  # the card sells it yearly only
        part.setdefault("usd_per_user_month", 22)
    if seat_type == "pro" or part["billing"] == "monthly" or c.chance(35):
        part["list_usd_per_user_month"] = c.pick(20, 26)
    if c.chance(55):
        part["tiers"] = _tiers(c, users)
    part["true_up"] = true_up(c)
    if "maximum" in part and isinstance(part["true_up"], dict) and c.chance(80):
        part["true_up"]["price"] = "list"
    part["covered_share"] = 1 if part["true_up"] == "hard_cap" else c.weighted((1, 2), (0, 2), (0.6, 3))
    if c.chance(40):
        del part["covered_share"]
        part["allowance"] = "all" if part["true_up"] == "hard_cap" or c.chance(25) else _allowance(c)
    if c.chance(50):
        part["reduction_right"] = c.pick(0.3, 0.1, 1.0)
    if with_api and part.get("covered_share", 1) < 1 and c.chance(85):
        part["counts_toward_commitment"] = c.pick(True, 0.4)
    if c.chance(45):
        part["initial_order"] = c.weighted(("free", 4), ("expected_users", 1))
    return {**part, **_other_numbers(c, "seats", estimate)}


def _allowance(c: Draw) -> Data:
    """Return dollars a user near what one uses."""
    allowance: Data = {"usd_per_user_month": c.pick(2, 1, 4), "pooled": c.chance(55)}
    kind = c.weighted(("plain", 2), ("discount", 2), ("blocked", 3))
    if kind == "discount":
        allowance["extra_discount"] = c.pick(0.1, 0.3)
    if kind == "blocked":
        allowance |= {"beyond": "blocked", "refused_usd_per_usd": c.pick(3, 2)}
    return allowance


def _tiers(c: Draw, users: float) -> Data:
    kind = c.pick("all_units", "incremental")
    first = max(round(users * c.number(0.5, 1.1, 0.1)), 2)
    steps = [{"seats": first, "discount": c.pick(0.1, 0.05, 0.2)}]
    if c.chance(40):
        steps.append({"seats": round(first * 1.3) + 1, "discount": 0.25})
    return {"kind": kind, "steps": steps}


def true_up(c: Draw) -> Any:
    """Return a preset, a preset with one thing changed, a free combination, or the hard cap."""
    kind = c.weighted(("preset", 7), ("free", 6), ("changed", 1), ("hard_cap", 2))
    preset = c.pick("add-on-demand", "quarterly-reconciliation", "annual-true-up", "true-forward")
    if kind == "hard_cap":
        return kind
    if kind == "preset":
        return preset
    if kind == "changed":
        return {"preset": preset, "price": "list"}
    clause: Data = {
        "check": c.pick(3, 12, 1, 12),
        "count": c.pick("snapshot", "peak", "snapshot"),
        "retroactive": not c.chance(45),
    }
    if clause["check"] == 1:
        clause["count"] = "peak"  # a month has one count
    ratchets = (("year", 2), ("term", 2), ("none", 8 if clause["retroactive"] else 0))
    return {**clause, "price": c.pick("contracted", "list"), "ratchet": c.weighted(*ratchets)}


# Bundle


def _bundle(c: Draw, paper: Data, estimate: Estimate) -> list[Data]:
    """Return tiers around what the lowest band and the expected seats commit together."""
    commitments = [band["commit_usd_per_year"] for band in paper["api"]["bands"] if band["commit_usd_per_year"]]
    seats = sum(
        12 * part.get("usd_per_user_month", 22) * estimate.users.get(name, 20.0)
        for name, part in paper["seats"].items()
    )
    combined = commitments[0] + seats
    tiers = [{"combined_usd_per_year": round_to(combined * c.number(0.5, 1.2, 0.1), 3), "seats": 0.05, "api": 0.02}]
    if c.chance(40):
        tiers.append(
            {"combined_usd_per_year": tiers[0]["combined_usd_per_year"] * 1.3, "seats": 0.1, "api": c.pick(0.03, 0.06)}
        )
    return tiers
