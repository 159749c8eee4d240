"""Styles in text, as characters that no text has, and characters that would steer what shows a text."""

from __future__ import annotations

import re

BOLD, RED, RESET = "\ufdd0", "\ufdd1", "\ufdd2"
COLOURS = {BOLD: "\x1b[1m", RED: "\x1b[31m", RESET: "\x1b[0m"}
"""What a terminal understands (ANSI)."""
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Characters that move a cursor, turn the direction of writing, hide, or are none; but tabs and line ends."""


def escaped(character: str) -> str:
    r"""Return a character as JSON escapes it.

    >>> escaped("\x1b"), escaped("😀")
    ('\\u001b', '\\ud83d\\ude00')
    """
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[index]:02x}{units[index + 1]:02x}" for index in range(0, len(units), 2))
