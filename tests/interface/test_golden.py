"""Golden files: what `solve` prints for every example, whole.

`python -m tests.interface.test_golden` writes them anew; read the difference before you commit it. A bound of an
agreement that was ruled out depends on how the solver searched, so that it stands in the files as `#`.
"""

import contextlib
import io
import os
import re
import sys
from pathlib import Path

import pytest

from deal_solve.cli.main import run
from tests.support.paths import EXAMPLES, ROOT, SCENARIOS

GOLDEN = Path(__file__).parent / "golden"
MORE = {
    "seat-heavy": ["--all", "--levers"],
    "start-up": ["--criteria", "neutral,cautious,worst"],
    "three-quotes": ["--why-not", "offer=twelve", "--uncertainty"],
}
"""What else is asked of an example, in the same solve."""
NAMES = [path.stem for path in EXAMPLES]
BOUND = re.compile(r"(at least) [\d,.]+%?( dearer| +[\d.]+%$)?", re.MULTILINE)


def printed(name: str) -> str:
    """Return what is printed for an example, without what may differ from run to run."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run(["solve", os.fspath(SCENARIOS / f"{name}.yaml"), *MORE.get(name, [])])
    assert code == 0
    return BOUND.sub(lambda found: f"{found[1]} #{' dearer' * (found[2] == ' dearer')}", out.getvalue())


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_its_golden_file(name):
    """If the difference is meant: python -m tests.interface.test_golden"""
    text = printed(name)
    assert text == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text
    assert not re.search(r"\b\d+\.\d+ s\b", text)  # no timing


def block(name):
    """Return the first block of a golden file, one sentence a label."""
    text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")[0]
    assert len(text.splitlines()) <= 12
    return re.sub(r"\n {8}(?!\d+ (?:/ \d+ )*(?:/ )?[\w-]+ seats)", " ", text).splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_every_amount_says_its_period_and_its_kind(name):
    title, *sentences = block(name)
    assert title.endswith(", all amounts USD")
    for sentence in sentences:
        if re.search(r"\d\.\d\d(?!%)|\d,\d{3}", sentence):
            assert re.search(r"over \d+ months|in (each|every)? ?contract year|a year", sentence), sentence
            assert re.search(r"expected|committed|worst|objective|certain|band from", sentence), sentence


@pytest.mark.parametrize("name", NAMES)
def test_the_first_block_has_no_symbol_and_no_word_that_is_not_explained(name):
    """Every word is the deal's own or stands in the vocabulary, but for a few of everyday English."""
    text = " ".join(block(name))
    assert not re.search(r"[^\x20-\x7e]", text)
    known = (ROOT / "docs" / "reference" / "vocabulary.md").read_text(encoding="utf-8")
    known += (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    everyday = {"sign", "fixed", "versus", "proof", "saves", "adds", "this", "then", "renewed", "better", "dearer"}
    unknown = set(re.findall(r"[a-z]{2,}", text.lower())) - set(re.findall(r"[a-z]{2,}", known.lower())) - everyday
    assert unknown == set()


def test_every_golden_file_has_its_example():
    assert sorted(path.stem for path in GOLDEN.iterdir()) == NAMES


if __name__ == "__main__":
    for example in sys.argv[1:] or NAMES:
        (GOLDEN / f"{example}.txt").write_text(printed(example), encoding="utf-8")
