"""What every case must keep to: a documented exit code, no traceback, no internal error, in time, plain text."""

import contextlib
import io
import json
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from deal_solve.cli.main import run
from tests.support.fuzz.cases import Case, check_case, solve_case

CODES = {0, 2, 3, 4, 5}
MAX_SECONDS = 30.0
SOLVE_SECONDS = "20"
"""Time limit of a solve, which then has a plan or the exit code of one that was stopped."""
TOLERANCE = 2e-6
"""Relative difference of two objectives that are each proven to 1e-6."""


@dataclass(frozen=True)
class Verdict:
    """What a case came to: `kind` in a word or two, and what is wrong with it, if anything."""

    number: int
    kind: str
    seconds: float
    wrong: str = ""


def called(args: list[str]) -> tuple[int, str, str]:
    """Return (exit code, stdout, stderr) of a command in this process; a warning is as much as a message."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
        warnings.simplefilter("always")
        code = run(args)
    return code, out.getvalue(), err.getvalue()


def judged_check(seed: int, number: int, folder: Path) -> Verdict:
    """Run a case of reading."""
    case, began = check_case(seed, number), time.monotonic()
    code, out, err = called(_arguments(case, folder))
    return Verdict(
        number, f"{case.args[0]} {code}", seconds := time.monotonic() - began, _wrong(code, out, err, seconds)
    )


def judged_solve(seed: int, number: int, folder: Path) -> Verdict:
    """Solve a case by cuts and with every scenario written out, which must come to the same."""
    case, began = solve_case(seed, number), time.monotonic()
    args = [*_arguments(case, folder), "--time-limit", SOLVE_SECONDS]
    code, out, err = called(args)
    seconds = time.monotonic() - began
    wrong = _wrong(code, out, err, seconds)
    kind = f"solve {code}"
    if not wrong and code in (0, 3):
        began = time.monotonic()
        other, audit, said = called([*args, "--method", "extensive"])
        wrong = _wrong(other, audit, said, time.monotonic() - began) or _disagreement((code, out), (other, audit))
        kind += f", extensive {other}"
    return Verdict(number, kind, seconds, wrong)


def _arguments(case: Case, folder: Path) -> list[str]:
    for name, content in case.files.items():
        (folder / name).write_bytes(content)
    return [str(folder / arg) if arg in case.files else arg for arg in case.args]


def _wrong(code: int, out: str, err: str, seconds: float) -> str:
    """Return what a command did that no command may do, '' for nothing."""
    text = out + err
    if code not in CODES:
        return f"exit code {code}: {err.strip()[:300]}"
    if "Traceback" in text or "internal error" in text or "Warning:" in text:
        return f"{code}: {text[max(text.find('Warning:') - 200, 0) :][:500]}"
    if seconds > MAX_SECONDS:
        return f"{seconds:.0f} s"
    if any(not character.isprintable() and character not in "\n\t" for character in text):
        return "a control character was printed"
    if code in (2, 3, 5) and not err.strip():
        return f"exit code {code} without a word"
    return ""


def _disagreement(by_cuts: tuple[int, str], extensive: tuple[int, str]) -> str:
    """Return in what two answers differ; one that the time limit stopped says nothing."""
    (code, out), (other, audit) = by_cuts, extensive
    if other in (4, 5):
        return ""
    if code != other:
        return f"exit code {code} by cuts, {other} with every scenario written out"
    if code != 0:
        return ""
    one, two = (json.loads(text)["objective_usd"] for text in (out, audit))
    return (
        "" if abs(one - two) <= TOLERANCE * max(abs(one), abs(two)) + 0.01 else f"{one!r} by cuts, {two!r} written out"
    )
