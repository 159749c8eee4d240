"""Files are written beside their target and then renamed: never half a file. Devices and pipes are written to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deal_solve.errors import InputError, Problem
from deal_solve.messages import os_reason


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path with the target's ending; it replaces the target if all went well, else it is removed.

    What a link points to is replaced, not the link; a device or a pipe, which no file may replace, is yielded itself.
    """
    target = Path(target)
    if target.is_dir():
        raise InputError(Problem("", "is a folder; expected a file to write", str(target)))
    if target.exists() and not target.is_file():
        yield target
        return
    if target.is_symlink():
        target = target.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    except FileNotFoundError:
        raise InputError(Problem("", f"there is no folder {target.parent} to write it to", str(target))) from None
    except OSError as error:
        raise InputError(Problem("", f"cannot be written: {os_reason(error)}", str(target))) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def ending_of(path: str | None, option: str, *allowed: str) -> str:
    """Return the ending of a file's name; refuse one that cannot be written."""
    ending = path.rpartition(".")[2] if path else allowed[0]
    if ending not in allowed:
        raise InputError(Problem(option, f"{path!r} does not end in {' or '.join(f'.{each}' for each in allowed)}"))
    return ending


def write_text(target: str | Path, text: str) -> None:
    """Write a text file."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
