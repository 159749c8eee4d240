"""Generated software: what a request looks like, its models, quality, cache, batch, cascades and projects."""

from typing import Any

from tests.support.generators.draw import Draw

Data = dict[str, Any]

QUALITY = {"fable": 0.99, "opus": 0.97, "sonnet": 0.93, "haiku": 0.85}
MENUS = (
    ("sonnet",),
    ("opus", "sonnet"),
    ("sonnet", "haiku"),
    ("opus", "sonnet", "haiku"),
    ("claude-opus-4-8", "claude-sonnet-4-6", "haiku"),
    ("claude-sonnet-5", "claude-haiku-4-5-20251001"),
    ("fable", "opus"),
)
RETIRING = ("claude-sonnet-4-6", "claude-opus-4-8", "claude-sonnet-5")
SEASONS = (
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1.5, 2, 2],
    [0.5, 0.5, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1],
    [2, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 2],
)
USD_PER_MTOK = {"input": 2.0, "output": 10.0}
"""About what a request costs; volumes are set so that deals of all shapes cost alike."""


def workload(c: Draw, start: tuple[int, int], months: int) -> Data:
    """Return a workload of some 20 000 to 200 000 dollars a year at list."""
    work: Data = {"requests_per_month": 0, "input_tokens": _input(c), "output_tokens": c.pick(200, 50, 500, 1200)}
    work["requests_per_month"] = _requests(c, work)
    work["models"] = list(c.weighted(*((menu, 2 if len(menu) > 1 else 1) for menu in MENUS)))
    _today(c, work)
    if "today" in work and c.chance(20):
        work["tokens_counted_in"] = c.pick("as_run", "old")
    if c.chance(55):
        work["cache"] = cache(c)
    if c.chance(50):
        work["batchable"] = c.pick(0.3, 0.6, 1.0)
        if "cache" in work and c.chance(75):
            work["cache"]["batch_hit_rate"] = c.pick(0.5, 0.3)
    _mode_of_today(c, work)
    if c.chance(30):
        work["growth_per_year"] = c.pick(0.5, -0.3, 1.0)
    if c.chance(28):
        work["season_by_calendar_month"] = list(c.pick(*SEASONS))
    if c.chance(30):
        work["starts"] = _month(start, c.integer(1, min(months - 1, 14)))
    if c.chance(14):
        work["other_usd_per_request"] = c.pick(0.001, 0.01)
    if c.chance(12):
        work["usage_multiplier"] = c.pick(1.1, 1.25)
    if c.chance(15):
        work["output_factor"] = {c.pick(*work["models"]): c.pick(0.6, 1.5)}
    _quality(c, work)
    _projects(c, work)
    return work


def _input(c: Draw) -> Any:
    """Return mean input tokens: some below the minimum cacheable length, some in buckets beyond Haiku's threshold."""
    if c.chance(30):
        share = c.pick(0.1, 0.3)
        return [{"share": 1 - share, "tokens": c.pick(5000, 1500)}, {"share": share, "tokens": c.pick(140_000, 90_000)}]
    return c.pick(6000, 1500, 3000, 20_000)


def mean_tokens(request: Data) -> float:
    """Return the mean input tokens of a request."""
    given = request["input_tokens"]
    return sum(b["share"] * b["tokens"] for b in given) if isinstance(given, list) else given


def _requests(c: Draw, work: Data) -> float:
    usd = c.number(20_000, 200_000, 10_000)
    return float(f"{usd / 12 / usd_per_request(work):.2g}")


def usd_per_request(work: Data) -> float:
    """Return about what a request of a workload costs."""
    return (USD_PER_MTOK["input"] * mean_tokens(work) + USD_PER_MTOK["output"] * work["output_tokens"]) / 1e6


def _today(c: Draw, work: Data) -> None:
    """What runs now: a slot or an id of the menu, or an id that the menu does not have."""
    if c.chance(70):
        known = [name for name in work["models"] if name != "haiku"]
        work["today"] = {"model": c.weighted((c.pick(*known), 2), (c.pick(*RETIRING), 3))}


def _mode_of_today(c: Draw, work: Data) -> None:
    if "today" in work and "cache" in work and c.chance(35):
        work["today"]["cached"] = True
    if "today" in work and work.get("batchable") == 1.0 and c.chance(90):
        work["today"]["batch"] = True


def cache(c: Draw) -> Data:
    """Return a cache section; a small share falls below the minimum cacheable length of short requests."""
    return {
        "share": c.pick(0.8, 0.25, 0.5),
        "hit_rate": c.pick(0.7, 0.4, 0.9),
        "ttl": c.pick("5m", "1h", {"5m": 0.3, "1h": 0.7}),
    }


def _quality(c: Draw, work: Data) -> None:
    """Scores per family (and of some variant or id), floors that leave something open, limits on shares, cascades."""
    scores = dict(QUALITY)
    quality: Data = {"scores": scores}
    kind = c.weighted(("none", 3), ("floor", 3), ("mean_floor", 3), ("both", 1))
    if kind in ("floor", "both"):
        quality["floor"] = c.pick(0.9, 0.8, 0.93)
    if kind in ("mean_floor", "both"):
        quality["mean_floor"] = c.pick(0.9, 0.93)
    work["quality"] = quality
    if c.chance(25):
        _cascade(c, work)
    names = [*work["models"], *([work["today"]["model"]] if "today" in work else [])]
    if len(set(names)) > 1 and c.chance(28):
        _share_limits(c, work, names)


def _cascade(c: Draw, work: Data) -> None:
    """Ask a cheap model first; some cascades have a measured quality that a floor lets through."""
    best = work["models"][0]
    first = "haiku" if best != "haiku" else "sonnet"
    then = best if best != first else "opus"
    cascade: Data = {"first": first, "then": then, "pass_rate": c.pick(0.8, 0.6)}
    if c.chance(60):
        cascade["quality"] = c.pick(0.95, 0.91)
    if c.chance(50):
        cascade["check_usd_per_request"] = c.pick(0.0002, 0.002)
    work["cascades"] = [cascade]


def _share_limits(c: Draw, work: Data, names: list[str]) -> None:
    """A least share on the first model (the best one), or a largest on the last (the cheapest), or both."""
    kind = c.pick("minimum", "maximum", "both") if "floor" not in work["quality"] else "minimum"
    limits: Data = {}
    if kind != "maximum":
        limits.setdefault(names[0], {})["minimum"] = c.pick(0.2, 0.5)
    if kind != "minimum":
        last = work["models"][-1] if len(work["models"]) > 1 else names[-1]
        limits.setdefault(last, {})["maximum"] = c.pick(0.6, 0.3)
    for limit in limits.values():
        if limit.get("minimum", 0) > limit.get("maximum", 1):
            limit["maximum"] = 0.6
    work["shares"] = limits


def _projects(c: Draw, work: Data) -> None:
    projects: Data = {}
    if "cache" in work and c.chance(60):
        projects["caching"] = _project(c)
    if work.get("batchable") and c.chance(55):
        projects["batch"] = _project(c)
    if "today" in work and c.chance(50):
        projects["rerouting"] = {**_project(c), **({"ready_month": 0} if "shares" in work else {})}
    if projects:
        work["projects"] = projects


def _project(c: Draw) -> Data:
    return {"usd": c.pick(1000, 0, 5000, 20_000), "ready_month": c.pick(0, 2, 5, 13)}


def _month(start: tuple[int, int], months: int) -> str:
    year, month = divmod(start[0] * 12 + start[1] - 1 + months, 12)
    return f"{year}-{month + 1:02d}"


def month_after(start: tuple[int, int], months: int) -> str:
    """Return the calendar month so many months after the start, as YYYY-MM."""
    return _month(start, months)


def variants(c: Draw, data: Data) -> None:
    """Add a named variant of a model, with its own price, length and quality, to the menu of the first workload."""
    work = next(iter(data["workloads"].values()))
    base = c.pick(*work["models"])
    variant: Data = {"model": base, "price_factor": c.pick(1.0, 2.0, 0.8), "output_factor": c.pick(0.6, 0.4, 1.5)}
    if c.chance(30):
        variant["batch"] = False
    data["variants"] = {"lean": variant}
    work["models"] = ["lean", *work["models"]]
    work["quality"]["scores"]["lean"] = c.pick(0.94, 0.91)
