"""Cases: a mutated deal with what stands beside it, and a command line; the same seed and number, the same case."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import yaml

from tests.support.fuzz.mutations import moved, mutated, written
from tests.support.generators import Draw, RandomDraw, whole, whole_deal
from tests.support.paths import EXAMPLES

Data = dict[str, Any]
NEARBY, DEALS = 25, 5
"""So many cases of reading are made from so many drawn deals."""
PLANS = (
    {},
    {"api": {"offer": "list"}},
    {"api": {"offer": "quote", "term_months": 12, "commitment_usd": "100k", "band_usd_per_year": 0}},
    {
        "api": {"offer": "quote", "term_months": 12, "terms": [{"band_usd_per_year": 0, "commitment_usd": [0]}]},
        "seats": {"enterprise": {"offer": "quote", "term_months": 12, "contracted": [5]}},
        "tracks": {"staff": "enterprise"},
        "projects": {"app": ["caching"]},
        "routing": {"app": [{"from_month": 0, "shares": {"opus": 0.5, "sonnet": 0.5}}]},
        "use": {"staff": {"opus": 1}},
        "later": [],
    },
)
OPTIONS = (
    [],
    ["--scenarios", "64"],
    ["--scenarios", "16", "--seed", "7", "--sampling", "random"],
    ["--scenarios", "0"],
    ["--scenarios", "²"],
    ["--scenarios", "1e9", "--memory", "500MB"],
    ["--scenarios", "set.parquet"],
    ["--memory", "5MB"],
    ["--memory", "x"],
    ["--seed", "1"],
    ["--unknown"],
)


@dataclass(frozen=True)
class Case:
    """The files of a folder by name, and the arguments of a command, which names them."""

    seed: int
    number: int
    files: dict[str, bytes]
    args: tuple[str, ...]


def check_case(seed: int, number: int) -> Case:
    """Return a case for reading: `check` most of the time, else a command that reads a proposal too."""
    c = RandomDraw(np.random.default_rng([seed, number]))
    deal, other = _deal(c, seed, number // NEARBY), _deal(c, seed, number // NEARBY)
    deal = c.weighted((deal, 2), (moved(c, deal), 11), (mutated(c, deal, other), 12))
    plan = c.pick(*PLANS)
    plan = c.weighted((plan, 1), (mutated(c, plan, {**other, **c.pick(*PLANS)}), 4))
    options = c.weighted((OPTIONS[0], 12), *((each, 1) for each in OPTIONS[1:]))
    scenario = ["--scenario", c.pick("1", "²", "P50", "-1", "")] if c.chance(30) else []
    args = c.weighted(
        (["check", "deal.yaml", *options], 14),
        (["today", "deal.yaml"], 1),
        (["settle", "deal.yaml", "--plan", "plan.yaml", *options, *scenario], 3),
        (["scenarios", "deal.yaml", "--scenarios", "16"], 1),
    )
    files = {"deal.yaml": written(c, deal), "plan.yaml": written(c, plan)}
    if "set.parquet" in args:
        files["set.parquet"] = _parquet(c, deal)
    return Case(seed, number, files, tuple(args))


def solve_case(seed: int, number: int) -> Case:
    """Return a small deal to solve by both methods; it is mutated once, so that most are still deals."""
    c = RandomDraw(np.random.default_rng([seed, number, 1]))
    deal = whole(c)
    if c.chance(85):
        deal = moved(c, deal) if c.chance(85) else mutated(c, deal, whole(c))
    return Case(seed, number, {"deal.yaml": written(c, deal)}, ("solve", "deal.yaml", "--json", "-"))


def _deal(c: Draw, seed: int, block: int) -> Data:
    """Return an example, or a deal that is drawn for cases nearby: to draw one takes longer than to check it."""
    examples = _examples()
    if c.chance(50):
        return examples[c.integer(0, len(examples) - 1)]
    return _drawn(seed, block, c.integer(0, DEALS - 1))


@lru_cache(2 * DEALS)
def _drawn(seed: int, block: int, number: int) -> Data:
    return whole_deal(np.random.default_rng([seed, block, number, 2]))


@cache
def _examples() -> list[Data]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [yaml.load(path.read_text(encoding="utf-8"), Loader=loader) for path in EXAMPLES]


def _parquet(c: Draw, deal: Any) -> bytes:
    """Return a scenario set with columns that the deal may have, damaged now and then."""
    import pyarrow as pa
    from pyarrow import parquet

    works = list(deal["workloads"]) if isinstance(deal, dict) and isinstance(deal.get("workloads"), dict) else []
    names = [f"requests_per_month.{name}" for name in works[:2]] or ["requests_per_month.app"]
    columns = {
        name: c.pick([1.0, 2.0], [-1.0, 0.0], [[1.0] * 12, [2.0] * 12], ["a", "b"], [None, 1.0]) for name in names
    }
    columns["weight"] = c.pick([1.0, 1.0], [0.0, 0.0], [0.5, None], [float("nan"), 1.0])
    columns |= {"name": ["a", "\x1b[2J"]} if c.chance(30) else {}
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink)
    raw = bytearray(sink.getvalue().to_pybytes())
    for _ in range(3 * c.chance(20)):
        raw[c.integer(0, len(raw) - 1)] = c.integer(0, 255)
    return bytes(raw)
