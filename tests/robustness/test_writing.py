"""A file is written whole or not at all: on a full disk, behind a link, into a pipe that nobody reads."""

import os

import pytest

from deal_solve.cli.main import run
from deal_solve.errors import InputError
from deal_solve.files import refuse_unwritable, replacing, write_text, written
from tests.support.deals import LOW_OR_HIGH
from tests.support.exports import daily, usage, write


@pytest.fixture
def deal(tmp_path):
    path = tmp_path / "deal.yaml"
    path.write_text(LOW_OR_HIGH)
    (tmp_path / "plan.yaml").write_text("api: {offer: quote}\n")
    write(tmp_path, "usage.json", daily(58, usage()))
    return path


def full(*_args):
    raise OSError(28, "No space left on device")


WRITERS = [
    ("json", ["solve", "DEAL", "--json", "FILE"]),
    ("mps", ["solve", "DEAL", "--export", "FILE"]),
    ("lp", ["solve", "DEAL", "--export", "FILE"]),
    ("csv", ["settle", "DEAL", "--plan", "PLAN", "--out", "FILE"]),
    ("json", ["settle", "DEAL", "--plan", "PLAN", "--json", "FILE"]),
    ("parquet", ["simulate", "DEAL", "--plan", "PLAN", "--out", "FILE"]),
    ("json", ["simulate", "DEAL", "--plan", "PLAN", "--json", "FILE"]),
    ("csv", ["today", "DEAL", "--out", "FILE"]),
    ("json", ["today", "DEAL", "--out", "FILE"]),
    ("parquet", ["today", "DEAL", "--out", "FILE"]),
    ("csv", ["scenarios", "DEAL", "--scenarios", "64", "--csv", "FILE"]),
    ("parquet", ["scenarios", "DEAL", "--scenarios", "64", "--out", "FILE"]),
    ("svg", ["scenarios", "DEAL", "--scenarios", "64", "--picture", "FILE"]),
    ("png", ["scenarios", "DEAL", "--scenarios", "64", "--picture", "FILE"]),
    ("yaml", ["init", "FILE", "--force"]),
    ("svg", ["forecast", "USAGE", "--picture", "FILE"]),
    ("json", ["forecast", "USAGE", "--json", "FILE"]),
    ("json", ["measure", "USAGE", "--json", "FILE"]),
    ("html", ["review", "DEAL", "--plan", "PLAN", "--report", "FILE"]),
    ("docx", ["report", "DEAL", "--out", "FILE"]),
    ("xlsx", ["report", "DEAL", "--xlsx", "FILE"]),
    ("ics", ["report", "DEAL", "--ics", "FILE"]),
]


def given(args, tmp_path, target):
    names = {"DEAL": tmp_path / "deal.yaml", "PLAN": tmp_path / "plan.yaml", "USAGE": tmp_path / "usage.json"}
    names["FILE"] = target
    return [str(names.get(arg, arg)) for arg in args]


@pytest.mark.parametrize(("ending", "args"), WRITERS)
def test_a_full_disk_is_one_sentence_in_every_writer(capsys, tmp_path, deal, ending, args):
    target = tmp_path / f"out.{ending}"
    target.symlink_to("/dev/full")
    assert run(given(args, tmp_path, target)) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"{target}: cannot be written: ") or err.startswith("/dev/full: cannot be written: ")
    assert "no space left on device" in err.lower() and err.count("\n") == 1


@pytest.mark.parametrize(("ending", "args"), WRITERS)
def test_the_old_file_stays_until_the_new_one_is_whole(capsys, tmp_path, deal, ending, args, monkeypatch):
    """The disk is full when the new file is to take its place; a link is followed."""
    target, link = tmp_path / f"old.{ending}", tmp_path / f"out.{ending}"
    target.write_text("old")
    link.symlink_to(target)
    monkeypatch.setattr("deal_solve.files.os.fsync", full)
    before = sorted(tmp_path.iterdir())
    assert run(given(args, tmp_path, link)) == 2
    assert capsys.readouterr().err == f"{target}: cannot be written: no space left on device\n"
    assert target.read_text() == "old" and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("ending", "args"), WRITERS)
def test_what_a_link_points_to_is_written(tmp_path, deal, ending, args):
    target, link = tmp_path / f"old.{ending}", tmp_path / f"out.{ending}"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    assert run(given(args, tmp_path, link)) == 0
    assert link.is_symlink() and target.read_bytes()[:3] != b"old"
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("args", [args for _, args in WRITERS if args[0] in ("solve", "simulate", "today")])
def test_a_folder_that_is_not_there_is_found_before_the_work(capsys, tmp_path, deal, args, monkeypatch):
    ending = "parquet" if args[0] == "simulate" else "json"
    target = tmp_path / "none" / f"out.{'mps' if '--export' in args else ending}"
    assert run(given(args, tmp_path, target)) == 2
    assert capsys.readouterr().err == f"{target}: there is no folder {target.parent} to write it to\n"


def test_links_in_a_circle_and_names_that_cannot_be_are_refused(tmp_path):
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(InputError, match="cannot be written: too many levels of symbolic links"):
        write_text(circle, "text")
    with pytest.raises(InputError, match="cannot be written: file name too long"):
        write_text(tmp_path / ("x" * 5000), "text")
    with pytest.raises(InputError, match="cannot be written: "):
        write_text("a\0b", "text")


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="is a pipe that nobody reads"):
        write_text(pipe, "text")


def test_asking_whether_a_file_can_be_written_leaves_it_as_it_is(tmp_path):
    target = tmp_path / "out.json"
    target.write_text("old")
    refuse_unwritable(target)
    refuse_unwritable(tmp_path / "new.json")
    assert target.read_text() == "old" and [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_what_goes_wrong_otherwise_is_no_matter_of_the_disk(tmp_path):
    def fail(_path):
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        written(tmp_path / "out", fail)
    with pytest.raises(KeyError), replacing(tmp_path / "out"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
