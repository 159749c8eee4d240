"""The checkpoint log of a sweep: a row that was edited is refused, and two sweeps do not write the same one."""

import json
import os
import resource
import subprocess
import sys
from types import SimpleNamespace

import pytest

from deal_solve.analysis.sweep.checkpoint_log import checkpoint_log
from deal_solve.analysis.sweep.result import SweepRow
from deal_solve.cli.main import run
from deal_solve.errors import InputError
from deal_solve.files import LOCKED_BYTE, locked

HEADER = {"schema": "deal-solve-sweep-journal/2", "version": "1", "deal": "d", "futures": "f"}
ROWS = tuple(
    SweepRow(cell, {"x": cell, "é": [1.5]}, "optimal", objective_usd=0.1 * cell, decisions={"a": "→"})
    for cell in (1, 2, 3)
)
OTHER = "the row is not as it was written; expected the checkpoint log of this sweep"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "out.journal"
    with checkpoint_log(path, HEADER) as kept:
        for row in ROWS:
            kept.add(row)
    return path


def rows_of(path):
    with checkpoint_log(path, HEADER) as kept:
        return kept.rows


def test_what_was_written_is_read(path):
    before = path.read_bytes()
    assert rows_of(path) == ROWS
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda line: line.replace('"objective_usd": 0.2', '"objective_usd": 0.1'),
        lambda line: line.replace("→", "x"),
        lambda line: line.replace('"checksum"', '"checksums"'),
        lambda _: json.dumps({"cell": 2, "unknown": 3}),
        lambda _: "[1, 2]",
        lambda _: '"text"',
        lambda _: "7",
        lambda _: "null",
        lambda _: "{}",
    ],
)
def test_an_edited_row_is_refused_and_named(path, edit):
    header, first, second, third = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, first, edit(second), third, ""]), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        rows_of(path)
    assert str(caught.value).startswith(f"{path}:3: {OTHER}")


@pytest.mark.parametrize("line", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"cell": 2, "inp'])
def test_a_line_that_was_cut_off_is_as_if_it_were_not_there(path, line):
    header, first, _, third, _ = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([header, first, line, third, b""]))
    assert rows_of(path) == (ROWS[0], ROWS[2])


@pytest.mark.parametrize("end", [0, 1, 40])
def test_a_log_that_was_cut_off_as_it_was_begun_is_begun_again(path, end):
    path.write_bytes(path.read_bytes()[:end])
    assert rows_of(path) == ()
    assert json.loads(path.read_bytes()) == HEADER


def test_two_sweeps_do_not_write_one_log(path):
    with (
        checkpoint_log(path, HEADER),
        pytest.raises(InputError, match="is being written by another sweep; expected another --out"),
        checkpoint_log(path, HEADER),
    ):
        pass
    assert rows_of(path) == ROWS


def test_two_sweeps_into_one_output_are_refused(capsys, tmp_path):
    deal, out = tmp_path / "deal.yaml", tmp_path / "out.csv"
    deal.write_text(
        "start: 2027-01\nhorizon_months: 12\nworkloads:\n"
        "  bot: {requests_per_month: 1M, input_tokens: 2000, output_tokens: 200, models: [opus, sonnet]}\n"
    )
    args = ["sweep", str(deal), "--vary", "workloads.bot.requests_per_month=1M,2M", "--out", str(out)]
    code = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
    command = [sys.executable, "-c", code, f"{out}.journal"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:
        other.stdout.readline()
        assert run(args) == 2
        assert capsys.readouterr().err == f"{out}.journal: is being written by another sweep; expected another --out\n"
        other.communicate(b"\n")
    assert run(args) == 0
    assert run(args) == 0
    assert capsys.readouterr().err.endswith("out.csv.journal: 2 runs are done\n")


def test_a_full_disk_is_one_sentence(path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with checkpoint_log(path, HEADER) as kept:
        monkeypatch.setattr("deal_solve.analysis.sweep.checkpoint_log.os.fsync", full)
        with pytest.raises(InputError, match=r"out\.journal: cannot be written: no space left on device"):
            kept.add(ROWS[0])


def test_a_full_disk_is_one_sentence_where_what_was_kept_back_fails_again(path):
    """Closing the file tries to write again what was not taken; a largest size of files stands for the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, before[1]))
        with (
            pytest.raises(InputError, match=r"out\.journal: cannot be written: file too large"),
            checkpoint_log(path, HEADER) as kept,
        ):
            kept.add(ROWS[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_windows_a_byte_behind_the_end_is_locked(path, monkeypatch):
    """As its library does it, which is not here: whoever comes second is refused, and the stream stays where it is."""
    places = []

    def locking(handle, mode, count):
        places.append((os.lseek(handle, 0, os.SEEK_CUR), mode, count))
        if len(places) > 1:
            raise OSError

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    with path.open("a+b") as first, path.open("a+b") as second:
        first.seek(7)
        assert (locked(first), locked(second)) == (True, False)
        assert first.tell() == 7
    assert places == [(LOCKED_BYTE, 2, 1)] * 2
    assert path.stat().st_size < LOCKED_BYTE


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no file; expected the checkpoint log"), checkpoint_log(tmp_path, HEADER):
        pass
    none = tmp_path / "none" / "out.journal"
    with pytest.raises(InputError, match="there is no folder"), checkpoint_log(none, HEADER):
        pass
