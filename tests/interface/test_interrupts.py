"""Ctrl-C ends the command line at once, whatever is under way, with exit code 130; none is lost."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.support.interrupts import heed_interrupts
from tests.support.paths import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
COMMAND = """\
import sys, time
import click
import deal_solve.cli.main as main
class Group(main.LazyGroup):
    def get_command(self, ctx, name):
        return click.Command("solve", callback=work)
def work():
{body}
main.cli.__class__ = Group
sys.argv = ["deal-solve", "solve"]
main.main()
"""


def interrupted(tmp_path, *body):
    """Return a process that runs this body as its command, once it has begun and was interrupted."""
    script = tmp_path / "command.py"
    script.write_text(COMMAND.format(body="\n".join(f"    {line}" for line in body)))
    process = subprocess.Popen([sys.executable, script], preexec_fn=heed_interrupts, **PIPES)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    return process


def ended(process):
    """Return (exit code, stdout, stderr) of a process."""
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


BEGIN = ("try:", "    print('begun', flush=True)", "    time.sleep(60)")
SWALLOWED = (*BEGIN, "except:", "    print('swallowed', flush=True)")
"""What PuLP does while it imports a solver."""


def test_one_that_a_module_swallows_while_it_is_loaded_comes_again(tmp_path):
    assert ended(interrupted(tmp_path, *SWALLOWED, "time.sleep(60)")) == (130, "swallowed\n", "\ninterrupted\n")


def test_one_that_compiled_code_reports_and_swallows_prints_nothing(tmp_path):
    """What Cython does with an error that it cannot hand on, as in the import of scipy.stats."""
    report = ("except:", "    sys.excepthook(*sys.exc_info())", "    print('reported', flush=True)")
    process = interrupted(tmp_path, *BEGIN, *report, "time.sleep(60)")
    assert ended(process) == (130, "reported\n", "\ninterrupted\n")


def test_one_that_is_swallowed_right_before_the_end_still_counts(tmp_path):
    assert ended(interrupted(tmp_path, *SWALLOWED)) == (130, "swallowed\n", "interrupted\n")


def test_what_it_breaks_is_no_internal_error(tmp_path):
    """NumPy turns an interrupt inside its import into an ImportError."""
    process = interrupted(tmp_path, *SWALLOWED, "raise ImportError('numpy.core failed to import')")
    assert ended(process) == (130, "swallowed\n", "interrupted\n")


def test_what_is_not_to_be_cut_in_two_is_finished_first(tmp_path):
    held = ("with main.INTERRUPTS.held():", "    print('begun', flush=True)", "    time.sleep(0.3)")
    process = interrupted(tmp_path, *held, "    print('whole', flush=True)", "time.sleep(60)")
    assert ended(process) == (130, "whole\n", "\ninterrupted\n")


def test_a_second_one_cuts_the_orderly_end_short(tmp_path):
    finish = ("except KeyboardInterrupt:", "    main.INTERRUPTS.answered()", "    print('finishing', flush=True)")
    process = interrupted(tmp_path, *BEGIN, *finish, "    time.sleep(60)")
    assert process.stdout.readline() == "finishing\n"
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, "", "\ninterrupted\n")


STARTING = """\
import os, signal, sys, time
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            sys.meta_path.remove(self)
{body}
sys.meta_path.insert(0, Interrupts())
sys.argv = ["deal-solve", "schema"]
from deal_solve.cli.start import main
main()
"""


@pytest.mark.parametrize("body", [("os.kill(os.getpid(), signal.SIGINT)",), SWALLOWED], ids=["raised", "swallowed"])
def test_one_while_the_command_line_is_imported_ends_it_as_any_other(tmp_path, body):
    """Also where something that is imported swallows it: there it comes again, if need be after a short command."""
    script = tmp_path / "command.py"
    script.write_text(STARTING.format(body="\n".join(f"            {line}" for line in body)))
    process = subprocess.Popen([sys.executable, script], preexec_fn=heed_interrupts, **PIPES)
    if body is SWALLOWED:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
    code, out, err = ended(process)
    assert (code, err.strip()) == (130, "interrupted")
    assert out.startswith("swallowed\n") if body is SWALLOWED else out == ""


def test_nothing_is_imported_before_an_interrupt_is_caught():
    """What Python itself imports for it is no more than it has loaded already."""
    code = "import sys; before = {*sys.modules}; import deal_solve.cli.start; print(sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(["deal_solve", "deal_solve.cli", "deal_solve.cli.start", "deal_solve.version"])


START_ERRORS = ("Could not import runpy module", "Fatal Python error: init_import_site")
"""What the interpreter says that is interrupted before it gets to the command."""


FULL = ROOT / "tests/benchmarks/full.yaml"
VARY = ("--vary", "horizon_months=24,30,36", "--vary", "cost_of_capital_per_year=0,2%,4%,6%,8%,10%")
COMMANDS = {
    "solve": ("solve", FULL, "--scenarios", "1024"),
    "sweep": ("sweep", FULL, *VARY, "--jobs", "2"),
}


def interrupted_at(moment, name):
    """Return (exit code, stdout, lines of stderr, seconds it took) of a long command interrupted at a moment.

    As on a terminal, the interrupt reaches every process that the command has begun.
    """
    command = [sys.executable, "-m", "deal_solve", *COMMANDS[name]]
    process = subprocess.Popen(command, preexec_fn=heed_interrupts, start_new_session=True, **PIPES)
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGINT)
    began = time.monotonic()
    code, out, err = ended(process)
    return code, out, err.splitlines(), time.monotonic() - began


def test_a_few_at_any_moment_are_all_heeded():
    for moment in (0.4, 0.8):
        code, out, said, seconds = interrupted_at(moment, "solve")
        assert (code, out, said[-1:]) == (130, "", ["interrupted"])
        assert seconds < 5


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_hundred_at_random_moments_of_the_first_two_seconds_are_all_heeded(name):
    """Before the interpreter heeds it, the signal itself ends the process; while it starts, its own error, code 1."""
    moments = random.Random(20270101)
    for _ in range(100):
        code, out, said, seconds = interrupted_at(moments.uniform(0.0, 2.0), name)
        assert (code, out) in ((130, ""), (-signal.SIGINT, ""), (1, ""))
        assert code != 130 or said[-1:] == ["interrupted"]
        assert code != 130 or "Traceback (most recent call last):" not in said
        assert code != 1 or said[0].startswith(START_ERRORS)
        assert seconds < 5
