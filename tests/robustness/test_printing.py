"""What is printed steers no terminal and can be shown on every one; what cannot be printed at all is one sentence."""

import json
import os
import subprocess
import sys

import pytest

from deal_solve.cli.main import run
from deal_solve.cli.support.printing import shown_on
from deal_solve.frames import csv_text
from deal_solve.report.style import BOLD, RED, RESET

STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\r‮"
DEAL = """\
start: 2027-01
title: %s
horizon_months: 12
workloads:
  bot: {title: %s, requests_per_month: 500k, input_tokens: 2000, output_tokens: 200, models: [opus, sonnet]}
"""


def written(tmp_path, title):
    path = tmp_path / "deal.yaml"
    path.write_text(
        DEAL
        % (
            json.dumps(title, ensure_ascii=not title.isprintable()),
            json.dumps(title, ensure_ascii=not title.isprintable()),
        ),
        encoding="utf-8",
    )
    return path


def called(*args, **environment):
    """Return (exit code, stdout, stderr) of a process with another environment, as bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "deal_solve", *map(str, args)], capture_output=True, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout, done.stderr


def is_plain(text):
    return all(character.isprintable() or character in "\n\t" for character in text)


@pytest.mark.parametrize("command", ["check", "solve", "today"])
def test_titles_steer_no_terminal(capsys, tmp_path, command):
    assert run([command, str(written(tmp_path, f"A {STEERING} title"))]) == 0
    out, err = capsys.readouterr()
    assert is_plain(out) and not err
    assert "title" in out or command == "check"


def test_keys_options_and_names_of_files_steer_no_terminal(capsys, tmp_path):
    key = json.dumps(STEERING)
    for text in (f"{key}: 3\n", f"start: {key}\n", f"cohorts: {{{key}: 3}}\n"):
        path = tmp_path / "deal.yaml"
        path.write_text(text)
        assert run(["check", str(path)]) == 2
    assert run(["check", f"{tmp_path}/{STEERING}.yaml"]) == 2
    assert run(["check", str(path), f"--{STEERING}"]) == 2
    assert run([STEERING]) == 2
    assert run(["check", os.fsdecode(b"\xff.yaml")]) == 2
    out, err = capsys.readouterr()
    assert is_plain(out + err)
    assert "\\u001b]0;owned\\u0007" in err and "\\udcff.yaml: there is no such file" in err


def test_names_of_a_parquet_file_steer_no_terminal(capsys, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    deal, path = written(tmp_path, "A deal"), tmp_path / "set.parquet"
    pq.write_table(pa.table({"name": [STEERING, "b"], "requests_per_month.bot": [1.0, 2.0]}), path)
    (tmp_path / "plan.yaml").write_text("{}")
    assert run(["settle", str(deal), "--plan", str(tmp_path / "plan.yaml"), "--scenarios", str(path)]) == 0
    pq.write_table(pa.table({STEERING: [1.0]}), path)
    assert run(["check", str(deal), "--scenarios", str(path)]) == 2
    out, err = capsys.readouterr()
    assert "owned" in out and "owned" in err
    assert is_plain(out + err)


def test_json_keeps_what_steers_as_an_escape(capsys, tmp_path):
    assert run(["solve", str(written(tmp_path, STEERING)), "--json", "-"]) == 0
    out = capsys.readouterr().out
    assert is_plain(out)
    assert json.loads(out)["deal"]["title"] == STEERING


def test_only_our_own_styles_become_colour():
    assert shown_on(f"{BOLD}a{RESET} {RED}b{RESET} \x1b[31mc", "utf-8") == (
        "\x1b[1ma\x1b[0m \x1b[31mb\x1b[0m \\u001b[31mc"
    )


# --- terminals that cannot show everything -------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "cp437"])
def test_what_an_encoding_lacks_is_written_out(encoding):
    shown = shown_on("a → b ≥ c … ± é 中 😀", encoding)
    assert shown.encode(encoding)
    assert shown.endswith("\\u4e2d \\ud83d\\ude00")
    assert shown.startswith("a -> b ")


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_a_latin_1_terminal_gets_a_whole_answer(tmp_path, environment):
    code, out, err = called("check", written(tmp_path, "Support → 中文 😀"), **environment)
    assert (code, err) == (0, b"")
    assert out.decode("latin-1").startswith("The deal is valid")


def test_json_on_a_latin_1_terminal_says_the_same(tmp_path):
    code, out, _ = called("solve", written(tmp_path, "→ 中 😀 é"), "--json", "-", PYTHONIOENCODING="latin-1")
    assert code == 0
    assert json.loads(out.decode("latin-1"))["deal"]["title"] == "→ 中 😀 é"


# --- nowhere to print to ------------------------------------------------------------------------------------------


def shell(command, *args):
    return subprocess.run(["bash", "-c", command, "x", *map(str, args)], capture_output=True, text=True, timeout=60)


PROGRAM = f"{sys.executable} -m deal_solve"


def test_a_closed_stdout_is_one_sentence(tmp_path):
    done = shell(f'{PROGRAM} check "$1" >&-', written(tmp_path, "A deal"))
    assert (done.returncode, done.stderr) == (2, "stdout: is closed; expected where to print to, such as >/dev/null\n")


def test_a_closed_stderr_is_no_obstacle(tmp_path):
    done = shell(f'{PROGRAM} check "$1" 2>&-', written(tmp_path, "A deal"))
    assert done.returncode == 0 and done.stdout.startswith("The deal is valid")
    assert shell(f"{PROGRAM} check none.yaml 2>&-").returncode == 2


@pytest.mark.parametrize("option", ["", "--json -"])
def test_a_full_disk_behind_stdout_is_one_sentence(tmp_path, option):
    done = shell(f'{PROGRAM} today "$1" {option} >/dev/full', written(tmp_path, "A deal"))
    assert (done.returncode, done.stderr) == (2, "stdout: cannot be written: no space left on device\n")


# --- tables that a spreadsheet opens ------------------------------------------------------------------------------


def test_no_text_of_a_table_is_a_formula():
    import pandas as pd

    frame = pd.DataFrame({"name": ["=1+1", "@SUM(A1)", "-28%", "-", "+5k", "-x"], "usd": [1.5, -2, 3, 4, 5, 6]})
    assert csv_text(frame) == "name,usd\n'=1+1,1.5\n'@SUM(A1),-2.0\n-28%,3.0\n-,4.0\n+5k,5.0\n'-x,6.0\n"
