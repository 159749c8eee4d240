"""Golden files: what `solve --full` prints for every example on 80 columns: the decision page, answers, every table.

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
LINES_OF_A_PAGE = 45
MORE = {
    "seat-heavy": ["--all", "--levers"],
    "three-quotes": ["--why-not", "offer=twelve", "--uncertainty", "--criteria", "neutral,cautious,worst"],
}
"""What else is asked of an example, in the same solve."""
TERMS = (
    "as today",
    "band",
    "contract year",
    "contracted rate",
    "fiscal year",
    "forfeiture",
    "gap",
    "overage",
    "P10",
    "runner-up",
    "true-up",
    "worst tenth",
)
"""Words of the page that not every reader knows."""
NAMES = [path.stem for path in EXAMPLES]
BOUND = re.compile(r"(at least|objective\s+below) [\d,.]+%?( +((≥ )?[\d.]+%|not known)$)?", re.MULTILINE)


def printed(name: str) -> str:
    """Return what is printed for an example, without what may differ from run to run."""
    out = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        patch.setenv("COLUMNS", "80")
        code = run(["solve", os.fspath(SCENARIOS / f"{name}.yaml"), "--full", *MORE.get(name, [])])
    assert code == 0
    return BOUND.sub(r"\1 #", out.getvalue())


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_its_golden_file(name):
    """If the difference is meant: python -m tests.interface.test_golden"""
    text = printed(name)
    assert text == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    assert text.partition("\nMore  ")[0].count("\n") + 2 <= LINES_OF_A_PAGE
    assert "\x1b" not in text
    assert not re.search(r"\b\d+\.\d+ s\b", text)  # no timing


@pytest.mark.parametrize("name", NAMES)
def test_terms_of_art_on_the_page_are_in_the_vocabulary(name):
    page, end, _ = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").partition("\nMore  ")
    assert end
    assert not re.search(r"[^\n\x20-\x7e×…]", page)
    assert not re.search("CVaR|regret|epigraph|incumbent|baseline", page)
    known = (ROOT / "docs" / "reference" / "vocabulary.md").read_text(encoding="utf-8").lower()
    for term in TERMS:
        assert term.lower() not in page.lower() or f"**{term.lower()}" in known, term


def test_every_golden_file_has_its_example():
    assert sorted(path.stem for path in GOLDEN.iterdir()) == NAMES


if __name__ == "__main__":
    for example in sys.argv[1:] or NAMES:
        (GOLDEN / f"{example}.txt").write_text(printed(example), encoding="utf-8")
