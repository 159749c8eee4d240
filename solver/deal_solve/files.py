"""Reading and writing files: nothing is waited for, nothing is half written, and what fails is named.

Files are written beside their target and then renamed: never half a file, and the old one stays until the new one is
whole. Devices and pipes are written to.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from deal_solve.errors import InputError, Problem
from deal_solve.messages import os_reason

LOCKED_BYTE = 2**30
HANDED_OVER = Path("/dev/stdin"), Path("/dev/fd")
"""Where a shell hands over what it has opened."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read; raises InputError for what is none: a folder, a device, a pipe that nobody may write to.

    A pipe that the shell hands over (/dev/stdin, <(command)) is read.
    """
    try:
        is_file = path.is_file() or path in HANDED_OVER or path.parent in HANDED_OVER
        if path.exists() and not is_file:
            what = "is a folder" if path.is_dir() else "is a pipe or a device"
            raise InputError(Problem("", f"{what}; expected a file", str(path)))
        stream = path.open("rb")
    except FileNotFoundError:
        raise InputError(Problem("", "there is no such file", str(path))) from None
    except (OSError, ValueError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise InputError(Problem("", f"cannot be read: {reason}", str(path))) from None
    with stream:
        yield stream


@contextmanager
def writing(target: str | Path) -> Iterator[None]:
    """Raise InputError, which names the target, where the system refuses what is written inside: a full disk."""
    try:
        yield
    except FileNotFoundError:
        message = f"there is no folder {Path(target).parent} to write it to"
        raise InputError(Problem("", message, str(target))) from None
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and "null" not in str(error):
            raise
        reason = os_reason(error) if isinstance(error, OSError) else str(error)
        raise InputError(Problem("", f"cannot be written: {reason}", str(target))) from None


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path with the target's ending; it replaces the target if all went well, else it is removed.

    What a link points to is replaced, not the link; a device or a pipe, which no file may replace, is yielded itself.
    Raises InputError where the target cannot be written; what is written inside stands in `writing`.
    """
    with writing(target):
        target = _followed(Path(target))
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and not stat.S_ISREG(mode):
            temporary, handle = target, _held_pipe(target, mode)
        else:
            handle, name = tempfile.mkstemp(prefix=f".{target.stem[:40]}-", suffix=target.suffix, dir=target.parent)
            temporary = Path(name)
    try:
        yield temporary
        if handle is not None and temporary != target:
            with writing(target):
                os.fsync(handle)
                temporary.chmod(_mode() if mode is None else stat.S_IMODE(mode))
                temporary.replace(target)
    finally:
        if handle is not None:
            os.close(handle)
        if temporary != target:
            temporary.unlink(missing_ok=True)


def written(target: str | Path, write: Callable[[Path], object]) -> None:
    """Write a file whole, or leave it as it was; raises InputError, which names it, where it cannot be written."""
    with replacing(target) as temporary, writing(target):
        write(temporary)


def write_text(target: str | Path, text: str) -> None:
    """Write a text file whole."""
    written(target, lambda path: path.write_text(text, encoding="utf-8"))


def refuse_unwritable(target: str | Path) -> None:
    """Raise InputError where a file cannot be written, before the work that it is for; it is left as it is."""
    with suppress(_Enough), replacing(target):
        raise _Enough


class _Enough(Exception):
    pass


def locked(stream: BinaryIO) -> bool:
    """Take a file for this process until it is closed; return whether no other one has it (where that can be told)."""
    if sys.platform == "win32":
        return _locked_on_windows(stream)
    import fcntl

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _locked_on_windows(stream: BinaryIO) -> bool:
    """Take one byte far behind the end of a file, which whoever reads the file does not need."""
    import msvcrt

    place = stream.tell()
    stream.seek(LOCKED_BYTE)
    try:
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    except OSError:
        return False
    finally:
        stream.seek(place)
    return True


def _followed(target: Path) -> Path:
    """Return what a link points to; raises InputError for a folder, OSError for links that go in a circle."""
    if target.is_symlink():
        target = Path(os.path.realpath(target))
        target.stat() if target.is_symlink() else None
    if target.is_dir():
        raise InputError(Problem("", "is a folder; expected a file to write", str(target)))
    return target


def _held_pipe(target: Path, mode: int) -> int | None:
    """Hold a named pipe open while it is written; raises InputError where nobody reads it: who opens it would wait."""
    if not stat.S_ISFIFO(mode) or target.parent in HANDED_OVER or target in HANDED_OVER:
        return None
    try:
        return os.open(target, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        raise InputError(Problem("", "is a pipe that nobody reads; expected a file to write", str(target))) from None


def _mode() -> int:
    """Return the permissions of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
