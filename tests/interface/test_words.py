"""One term for one thing: words that the code has given up do not come back.

Names are looked at word by word (`first_band` is first and band), docstrings and comments likewise. Text that is
printed and the keys of files are no part of it.
"""

import ast
import re
import tokenize
from collections import defaultdict
from functools import cache

import pytest

from tests.support.paths import ROOT

IN_NAMES = {
    "asking": "concession list",
    "copies": "disaggregated variables",
    "crossings": "breakpoint search",
    "dive": "rounding heuristic",
    "divisions": "branchings",
    "favour": "relaxation",
    "finish": "polish",
    "flip": "breakpoint",
    "flow": "usage of a period",
    "future": "scenario",
    "futures": "scenarios",
    "forced": "restriction",
    "guide": "warm start",
    "hints": "warm start",
    "journal": "checkpoint log",
    "jump": "bracket of a breakpoint",
    "keeps": "satisfies",
    "lean": "rounding heuristic",
    "learn": "solve cache",
    "least": "minimum",
    "live": "HiGHS session",
    "memory": "solve cache",
    "menu": "open options",
    "most": "maximum",
    "nudge": "perturbation",
    "paper": "offer or agreement",
    "papers": "offers or agreements",
    "pilot": "warm start from a subsample",
    "quote": "offer",
    "resume": "re-solve from the basis",
    "roughly": "within the optimality tolerance",
    "said": "stated",
    "say": "report",
    "splits": "branchings",
    "stretch": "interval",
    "tell": "report",
    "told": "reported",
    "worry": "risk clause",
}
"""Words that no name has, with the standard term."""

ALLOWED_NAMES = {
    "future": {"Future", "__future__", "future"},  # those of concurrent.futures, and of Python
    "futures": {"futures", "cancel_futures"},  # the same, and a key of results
    "least": {"at_least", "_at_least", "least_usd"},  # a bound from below; a key of results
    "memory": {"in_memory", "memory", "bounded_memory", "memory_bound", "MemoryError"},  # of the computer
    "most": {"at_most", "at_most_usd", "most_common"},  # a key of the deal file, of results; of Counter
    "paper": {"set_paper"},  # of XlsxWriter
    "tell": {"tell"},  # of files
}

IN_PROSE = {
    "favour": "relaxation",
    "futures": "scenarios",
    "guide": "warm start",
    "hint": "warm start",
    "lean": "rounding heuristic",
    "learn": "solve cache",
    "menu": "open options",
    "nudge": "perturbation",
    "papers": "offers or agreements",
    "pilot": "warm start from a subsample",
    "roughly": "within the optimality tolerance",
}
"""Words that no docstring and no comment has, with the standard term."""


def words(text):
    """Yield the words of a name in lower case: `BigBand`, `big_band` and `BIG_BAND` are big and band."""
    yield from (part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text))


@cache
def found():
    """Return (names by word, places of prose by word) of the package."""
    names, prose = defaultdict(set), defaultdict(set)
    for path in sorted((ROOT / "solver").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        texts = []
        with path.open("rb") as file:
            for token in tokenize.tokenize(file.readline):
                if token.type == tokenize.NAME:
                    for word in words(token.string):
                        names[word].add((token.string, where))
                elif token.type == tokenize.COMMENT:
                    texts.append(token.string)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        bare = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        texts += [node.value for node in bare if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        for text in texts:
            for word in words(text):
                prose[word].add(where)
    return names, prose


@pytest.mark.parametrize("word", IN_NAMES)
def test_a_name_has_the_standard_term(word):
    names = {(name, where) for name, where in found()[0][word] if name not in ALLOWED_NAMES.get(word, ())}
    assert not names, f"write {IN_NAMES[word]} for {word}"


@pytest.mark.parametrize("word", IN_PROSE)
def test_prose_has_the_standard_term(word):
    assert not found()[1][word], f"write {IN_PROSE[word]} for {word}"


def test_what_is_looked_at():
    assert list(words("BigBand big_band BIG_BAND")) == ["big", "band"] * 3
    names, prose = found()
    assert ("SolveCache", "solver/deal_solve/optimise/search/cache.py") in names["cache"]
    assert prose["settlement"]
