"""What is printed, on any terminal: what it cannot show is written out, and what would steer it is shown instead."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

import click

from deal_solve.currency import USD, coded, reported_in
from deal_solve.errors import InputError, Problem
from deal_solve.files import write_text
from deal_solve.messages import os_reason
from deal_solve.report.style import COLOURS, STEERING, escaped

_PLAIN = {"→": "->", "≥": ">=", "≤": "<=", "–": "-", "—": "-", "−": "-", "…": "...", "·": "*", "×": "x", "±": "+/-"}
_PLAIN |= {"’": "'", "‘": "'", "“": '"', "”": '"', "§": "section ", "Σ": "sum ", "•": "-", "Δ": "change "}


@contextmanager
def printed_safely() -> Iterator[None]:
    """Let everything that is printed inside pass through `Printed`; raises InputError where stdout is closed."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - takes the place of the stream
    if sys.stdout is None:
        raise InputError(Problem("", "is closed; expected where to print to, such as >/dev/null", "stdout"))
    with (
        reported_in(USD, 1.0),
        contextlib.redirect_stdout(cast(TextIO, Printed(sys.stdout, "stdout"))),
        contextlib.redirect_stderr(cast(TextIO, Printed(sys.stderr, "stderr"))),
    ):
        yield


class Printed:
    """A stream on which no text can steer the terminal and every text can be shown."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self.stream, self._name = stream, name
        self._refused: InputError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write text as it can be shown."""
        with self._refusals():
            stated = coded(text) if self._name == "stdout" else text  # messages are about the file, which is in USD
            self.stream.write(shown_on(stated, self.stream.encoding or "utf-8"))
        return len(text)

    def flush(self) -> None:
        """Send what was written."""
        with self._refusals():
            self.stream.flush()

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Raise InputError where nothing more can be written: a full disk; a closed pipe stays one."""
        if self._refused:  # who tried before may not have told it
            raise self._refused
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            with contextlib.suppress(OSError, ValueError):  # what is left must not fail again at the end
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
            self._refused = InputError(Problem("", f"cannot be written: {os_reason(error)}", self._name))
            raise self._refused from None


def shown_on(text: str, encoding: str) -> str:
    r"""Return text as an encoding can show it, in colour where it has styles.

    >>> shown_on("a \x1b[2J b → c", "latin-1")
    'a \\u001b[2J b -> c'
    """
    text = STEERING.sub(lambda found: COLOURS.get(found[0]) or escaped(found[0]), text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(each if _fits(each, encoding) else _PLAIN.get(each) or escaped(each) for each in text)
    return text


def print_json(text: str) -> None:
    """Print JSON text; what the terminal cannot show is escaped, so that it says the same."""
    encoding = sys.stdout.encoding or "utf-8"
    with reported_in(USD, 1.0):  # a file, whose amounts are in USD
        click.echo("".join(each if _fits(each, encoding) else escaped(each) for each in text), nl=False)


def write_json(path: str, text: str) -> None:
    """Write JSON text to the file of `--json`, or print it where that is -."""
    if path == "-":
        print_json(text)
    else:
        write_text(path, text)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
