"""The command line: exit codes, what goes where, no tracebacks, and help that costs nothing."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pkgutil import walk_packages

import pytest

import deal_solve.optimise.signing as optimiser
from deal_solve import analysis
from deal_solve.cli.main import COMMANDS, run
from deal_solve.cli.settle import nearest_scenario
from deal_solve.errors import Infeasible, InputError, InternalError, LimitReached
from deal_solve.version import VERSION
from tests.support.deals import LOW_OR_HIGH
from tests.support.interrupts import heed_interrupts
from tests.support.paths import ROOT
from tests.support.proposals import TEXT

HEAVY = ("pandas", "pulp", "highspy", "numpy", "pydantic", "yaml", "scipy", "pyarrow", "matplotlib")


@pytest.fixture
def deal(tmp_path):
    path = tmp_path / "deal.yaml"
    path.write_text(LOW_OR_HIGH)
    return path


@pytest.fixture
def proposal(tmp_path):
    path = tmp_path / "proposal.yaml"
    path.write_text("api: {offer: quote}\n")
    return path


def called(capsys, *args):
    """Return (exit code, stdout, stderr) of a call."""
    code = run([str(arg) for arg in args])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


@pytest.fixture
def with_solve(monkeypatch):
    """Put another function in the place of the optimiser's, where the command finds it.

    The analyses are imported before: one that was first imported meanwhile would keep the other function for good.
    """
    for module in walk_packages(analysis.__path__, "deal_solve.analysis."):
        if not module.name.endswith(".picture"):
            import_module(module.name)
    return lambda solve: monkeypatch.setattr(optimiser, "solve", solve)


def failing(error):
    def solve(*_args, **_kwargs):
        raise error

    return solve


# --- help ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    [["--help"], ["--version"], *([name, "--help"] for name in ("solve", "settle", "check", "scenarios"))],
)
def test_help_imports_nothing_heavy(args):
    code = (
        "import sys; from deal_solve.cli.main import run; run(sys.argv[1:]); "
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_a_plain_solve_loads_nothing_of_other_questions():
    unasked = ("pandas", "scipy", "matplotlib", "deal_solve.outputs", "deal_solve.analysis.levers.text")
    code = (
        "import sys; from deal_solve.cli.main import run; run(sys.argv[1:]); "
        f"print('UNASKED', [name for name in {unasked!r} if name in sys.modules])"
    )
    args = ["solve", str(ROOT / "scenarios" / "three-quotes.yaml")]
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "UNASKED []"


@pytest.mark.skipif(sys.platform == "win32", reason="resource usage")
def test_help_is_quick():
    """Under 200 ms of processor time, which other work on the machine does not change."""
    import resource

    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = used()
    subprocess.run([sys.executable, "-m", "deal_solve.cli.main", "--help"], capture_output=True, check=True)
    assert used() - before < 0.2


def test_completion_imports_no_command():
    code = (
        "import sys; from deal_solve.cli.main import cli; from click.shell_completion import ShellComplete; "
        "found = ShellComplete(cli, {}, 'deal-solve', '_X').get_completions([], 'so'); "
        "print([item.value for item in found], [m for m in sys.modules if m.startswith('deal_solve.cli.s') "
        "and not m.startswith('deal_solve.cli.support')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['solve'] []"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(capsys, name):
    code, out, _ = called(capsys, name, "--help")
    assert code == 0
    assert f"Example:  deal-solve {name}" in out


def test_the_help_says_what_each_command_does(capsys):
    _, out, _ = called(capsys, "--help")
    for text in COMMANDS.values():
        assert text in out


def test_version(capsys):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert called(capsys, "--version") == (0, f"deal-solve {VERSION}\n", "")


# --- exit codes ---------------------------------------------------------------------------------------------------


def test_0_solved_to_the_gap(capsys, deal):
    code, out, err = called(capsys, "solve", deal)
    assert code == 0
    assert out.startswith(
        "This deal: 12 months from 2027-01, all amounts USD\n"
        "Today's bill  12,000 in 2027-01 at list; is that so? See deal-solve today\n\n"
        "What to sign\nAPI           quote, 12 months"
    )
    assert err == ""


@pytest.mark.parametrize("command", ["solve", "today", "curve"])
def test_what_if_is_asked_of_any_command_that_reads_a_deal(capsys, deal, command):
    code, out, err = called(capsys, command, deal, "--set", "horizon_months=24")
    assert (code, err) == (0, "")
    assert out.startswith("This deal (if horizon_months = 24): 24 months from 2027-01, all amounts USD\n")
    code, out, err = called(capsys, command, deal, "--set", "horizon_month=24")
    assert (code, out) == (2, "")
    assert "horizon_month: is not a known key" in err


def test_1_an_internal_error_is_one_line(capsys, deal, with_solve):
    with_solve(failing(InternalError("overage: 1.00 against 2.00")))
    assert called(capsys, "solve", deal) == (1, "", "internal error: overage: 1.00 against 2.00\n")


def test_1_what_nobody_foresaw_is_named_in_one_line(capsys, deal, with_solve):
    with_solve(failing(ZeroDivisionError("division\nby zero")))
    assert called(capsys, "solve", deal) == (1, "", "internal error: ZeroDivisionError: division by zero\n")


def test_2_a_bad_deal_lists_every_problem(capsys, deal):
    deal.write_text(LOW_OR_HIGH.replace("horizon_months: 12", "horizon_month: 12").replace("20%", "120%"))
    code, out, err = called(capsys, "solve", deal)
    assert (code, out) == (2, "")
    assert [line.split(": ")[0] for line in err.splitlines()] == [f"{deal}:2", f"{deal}:6"]
    assert "did you mean 'horizon_months'?" in err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["solv"], "there is no command 'solv'; did you mean 'solve'?"),
        (["solve"], "Missing argument 'DEAL'"),
        (["solve", "{deal}", "--gap", "-1"], "Invalid value for '--gap'"),
        (["solve", "{deal}", "--gap", "nan"], "'nan' is not a number"),
        (["solve", "{deal}", "--time-limit", "0"], "Invalid value for '--time-limit'"),
        (["solve", "{deal}", "--colour"], "No such option"),
        (["solve", "{deal}", "--risk", "reckless"], "--risk: 'reckless' is not a risk; expected neutral"),
        (
            ["solve", "{deal}", "--risk", "2"],
            "--risk: '2' is not a risk; expected neutral",
        ),
        (["solve", "{deal}", "--confidence", "1"], "--confidence: '1' is not a confidence; expected a share from 0"),
        (["solve", "{deal}", "--criterion", "worst"], "risk.criterion: worst compares scenarios that the file lists"),
        (["solve", "{deal}", "--gap", "inf"], "Invalid value for '--gap': 'inf' is not a number"),
        (["solve", "{deal}", "--memory", "1KB"], "--memory: '1KB' is too little for any solve; expected one like 8GB"),
        (["solve", "{deal}", "--set", "requests_per_month=1"], "--set requests_per_month: is not a known key; did you"),
        (
            ["solve", "{deal}", "--set", "workloads.bot.requests_per_month=ten"],
            "--set workloads.bot.requests_per_month: 'ten' is not a number",
        ),
        (
            ["solve", "{deal}", "--set", "offers.quote.api.bands[0].discount=8"],
            "--set offers.quote.api.bands[0].discount: 8 is not a discount",
        ),
        (["solve", "{deal}", "--why-not", "commitment=1e15"], "1e15 USD a year is beyond what is decided to the cent"),
        (["solve", "{deal}", "--export", "model.txt"], "'model.txt' ends neither in .lp nor in .mps"),
        (["solve", "{deal}", "--solver", "nosuch"], "there is no solver 'nosuch' here; expected highs"),
        (["solve", "none.yaml"], "none.yaml: there is no such file"),
        (
            ["solve", "{deal}", "--json", "no/such/folder/x.json"],
            "x.json: there is no folder no/such/folder to write it to",
        ),
        (["solve", "{deal}", "--fix", "none.yaml"], "none.yaml: there is no such file"),
        (["settle", "{deal}"], "Missing option '--plan'"),
        (["settle", "{deal}", "--plan", "{proposal}", "--scenario", "7"], "there is no scenario '7'; expected"),
        (["rates", "--as-of", "yesterday"], "--as-of: 'yesterday' is not a date"),
        (["rates", "--as-of", "2020-01-01"], "nothing was in force on 2020-01-01"),
        (["rates", "--card", "gpt"], "there is no rate card 'gpt'; the package has claude"),
        (["schema", "plan"], "'plan' is not one of"),
    ],
)
def test_2_a_users_mistake_is_one_sentence(capsys, deal, proposal, monkeypatch, tmp_path, args, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = called(capsys, *[arg.format(deal=deal, proposal=proposal) for arg in args])
    assert (code, out) == (2, "")
    assert message in err


def test_3_no_plan_meets_all_limits(capsys, deal):
    deal.write_text(LOW_OR_HIGH + "limits: [{measure: expected, of: total, at_most: 1}]\n")
    code, out, err = called(capsys, "solve", deal)
    assert (code, out) == (3, "")
    assert "no plan meets" in err
    assert Infeasible.exit_code == 3


def limited(solution):
    import dataclasses

    bound = solution.objective_usd / 2
    return dataclasses.replace(solution, status="limit", bound_usd=bound, gap=0.5)


def test_4_stopped_with_a_plan_prints_bound_and_gap(capsys, deal, with_solve):
    solve = optimiser.solve
    with_solve(lambda *args, **kwargs: limited(solve(*args, **kwargs)))
    code, out, _ = called(capsys, "solve", deal)
    assert code == 4
    assert "Proof not proven: a plan that is up to 50% better may exist, by expected cost" in " ".join(out.split())


def test_5_stopped_without_a_plan(capsys, deal, with_solve):
    with_solve(failing(LimitReached("the time limit of 1 s passed before a plan was found")))
    assert called(capsys, "solve", deal) == (5, "", "the time limit of 1 s passed before a plan was found\n")


def test_130_interrupted(capsys, deal, with_solve):
    with_solve(failing(KeyboardInterrupt()))
    assert called(capsys, "solve", deal) == (130, "", "\ninterrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_is_answered_while_the_solver_holds_the_thread(deal, tmp_path):
    """A solve that never comes back is left within a moment, with exit code 130 and one word."""
    script = tmp_path / "stuck.py"
    script.write_text(
        "import sys, time\nimport deal_solve.optimise.signing as optimiser\n"
        "def solve(*a, **k):\n    print('solving', file=sys.stderr, flush=True)\n    time.sleep(60)\n"
        "optimiser.solve = solve\nfrom deal_solve.cli.main import main\n"
        f"sys.argv = ['deal-solve', 'solve', {str(deal)!r}]\nmain()\n"
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, script], preexec_fn=heed_interrupts, **pipes)
    assert process.stderr.readline() == "solving\n"
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "\ninterrupted\n")
    assert time.monotonic() - start < 5


def test_a_closed_pipe_is_no_error(tmp_path):
    """`deal-solve rates | head -1` ends quietly."""
    code = "from deal_solve.cli.main import main; import sys; sys.argv = ['deal-solve', 'schema']; main()"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=20) == 141
    assert err == b""


# --- stdout, stderr, files ----------------------------------------------------------------------------------------


def test_only_the_answer_is_on_stdout(deal):
    """In a process of its own: what a solver prints past Python is seen too."""
    command = [sys.executable, "-m", "deal_solve.cli.main", "solve", deal, "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["status"] == "optimal"
    assert done.stderr == ""


def test_progress_goes_to_stderr_if_asked(capsys, deal):
    _, out, err = called(capsys, "solve", deal, "--verbose", "--json", "-")
    assert json.loads(out)["status"] == "optimal"
    assert "quote, 12 months" in err


def test_a_result_in_a_file_leaves_the_text_on_stdout(capsys, deal, tmp_path):
    code, out, _ = called(capsys, "solve", deal, "--json", tmp_path / "r.json")
    assert code == 0
    assert out.startswith("This deal")
    assert json.loads((tmp_path / "r.json").read_text())["schema"] == "deal-solve-result/1"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deal.yaml", "r.json"]


def test_a_file_is_replaced_whole_or_not_at_all(deal, tmp_path):
    from deal_solve.files import replacing

    target = tmp_path / "out.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), replacing(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deal.yaml", "out.json"]
    with pytest.raises(InputError, match="is a folder"), replacing(tmp_path):
        pass


def test_a_pipe_is_written_to_and_what_a_link_points_to_is_replaced(tmp_path):
    """A name that is no file, such as /dev/null, is not renamed over: as root, that would take the device away."""
    from deal_solve.files import write_text

    pipe, target, link = tmp_path / "pipe", tmp_path / "target", tmp_path / "link"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "text")
    assert os.read(reader, 9) == b"text"
    os.close(reader)
    link.symlink_to(target)
    write_text(link, "text")
    assert pipe.is_fifo() and link.is_symlink() and target.read_text() == "text"


@pytest.mark.parametrize("ending", [".lp", ".mps"])
def test_export_writes_a_model_other_solvers_read(capsys, deal, tmp_path, ending):
    import highspy

    target = tmp_path / f"model{ending}"
    code, out, _ = called(capsys, "solve", deal, "--export", target)
    assert code == 0
    assert out.startswith(f"{target}: ")
    assert "columns" in out
    highs = highspy.Highs()
    highs.silent()
    assert highs.readModel(str(target)) == highspy.HighsStatus.kOk
    assert highs.getNumCol() > 0


# --- solve and settle ---------------------------------------------------------------------------------------------


def test_what_solve_finds_settle_prices_the_same(capsys, deal, tmp_path):
    result = tmp_path / "result.json"
    called(capsys, "solve", deal, "--json", result)
    code, out, _ = called(capsys, "settle", deal, "--plan", result, "--json", "-")
    assert code == 0
    solved, settled = json.loads(result.read_text()), json.loads(out)
    assert settled["assumed"] == []
    assert settled["plan"] == solved["plan"]
    assert settled["cost"] == solved["cost"]
    assert solved["objective_usd"] == pytest.approx(settled["cost"]["total"]["expected_usd"], rel=1e-9)


def test_fix_pins_a_part(capsys, deal, tmp_path):
    (tmp_path / "fix.yaml").write_text("api: {offer: list}\n")
    _, out, _ = called(capsys, "solve", deal, "--fix", tmp_path / "fix.yaml", "--json", "-")
    assert json.loads(out)["plan"]["api"]["offer"] == "list"


def test_a_whole_plan_can_be_pinned_again(capsys, tmp_path):
    """Its ramp is rounded, and its cohorts are not metered in every year: it is still a plan, at the same cost."""
    (tmp_path / "deal.yaml").write_text(TEXT + "risk: {weight: 0.3, confidence: 0.9, on: cost}\n")
    (tmp_path / "fix.yaml").write_text("api: {offer: ramped}\ntracks: {sellers: [none, none, enterprise]}\n")
    deal, result = tmp_path / "deal.yaml", tmp_path / "result.json"
    assert called(capsys, "solve", deal, "--fix", tmp_path / "fix.yaml", "--json", result)[0] == 0
    code, out, _ = called(capsys, "solve", deal, "--fix", result, "--json", "-")
    first, again = json.loads(result.read_text()), json.loads(out)
    assert code == 0
    assert again["objective_usd"] == pytest.approx(first["objective_usd"], abs=0.02)
    assert again["plan"]["tracks"] == first["plan"]["tracks"]


def test_a_name_in_fix_that_means_nothing_has_its_line(capsys, deal, tmp_path):
    (tmp_path / "fix.yaml").write_text("tracks: {}\napi:\n  offer: qoute\n")
    code, _, err = called(capsys, "solve", deal, "--fix", tmp_path / "fix.yaml")
    assert code == 2
    assert err == f"{tmp_path}/fix.yaml:3: api.offer: there is no offer 'qoute'; did you mean 'quote'?\n"


def test_risk_from_the_command_line_replaces_that_of_the_file(capsys, deal):
    _, out, _ = called(
        capsys, "solve", deal, "--risk", "0.4", "--risk-on", "cost", "--confidence", "80%", "--json", "-"
    )
    assert json.loads(out)["risk"] == {"weight": 0.4, "confidence": 0.8, "on": "cost", "criterion": "expected"}


def test_settle_says_what_it_assumed_and_writes_the_invoice(capsys, deal, proposal, tmp_path):
    invoice = tmp_path / "invoice.csv"
    code, out, _ = called(capsys, "settle", deal, "--plan", proposal, "--out", invoice)
    assert code == 0
    assert "Assumed\n- quote, API term 1: band from 20,000 USD a year" in out
    with invoice.open() as stream:
        lines = list(csv.DictReader(stream))
    assert {line["line"] for line in lines} == {"commitment", "overage"}
    assert lines[0]["amount_usd"] == "20000.00"
    assert lines[0]["paid_on"] == "2027-01-01"


def test_best_routing_is_no_dearer_than_todays(capsys, deal, proposal):
    costs = {}
    for routing in ("today", "best"):
        _, out, _ = called(capsys, "settle", deal, "--plan", proposal, "--routing", routing, "--json", "-")
        costs[routing] = json.loads(out)["cost"]["total"]["expected_usd"]
        assert json.loads(out)["plan"]["api"]["offer"] == "quote"
    assert costs["best"] < costs["today"]


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ("usage p90 adoption P10", "usage P90 adoption P10"),
        ("adoption P90 usage P85", "usage P90 adoption P90"),
        ("usage P90", "usage P90 adoption P10"),
        ("takes off", "takes-off"),
        ("7", None),
    ],
)
def test_a_misspelt_scenario_is_answered_with_the_nearest_and_not_the_opposite(given, near):
    expanded = [f"usage {usage} adoption {adoption}" for usage in BANDS for adoption in BANDS]
    assert nearest_scenario(given, [*expanded, "takes-off", "stalls"]) == near


BANDS = ("P10", "P50", "P90")


@pytest.mark.parametrize("scenario", ["1", "usage P10"])
def test_a_scenario_by_name_or_number(capsys, deal, proposal, scenario):
    _, out, _ = called(capsys, "settle", deal, "--plan", proposal, "--scenario", scenario)
    assert "Invoice in scenario 'usage P10' (probability 30%; USD, not discounted)" in out


def test_an_impossible_plan_is_refused_by_its_clause(capsys, deal, proposal):
    proposal.write_text("api: {offer: quote, commitment_usd: 10k}\n")
    code, out, err = called(capsys, "settle", deal, "--plan", proposal)
    assert (code, out) == (2, "")
    assert err == (
        "offers.quote.api.bands: commitment 10,000 in api.terms[0], 10,000 a year in the mean; the band needs 20,000 a "
        "year\n"
    )


# --- check, init, schema, rates -----------------------------------------------------------------------------------


def test_check_says_what_is_dead(capsys, tmp_path):
    path = tmp_path / "deal.yaml"
    path.write_text(TEXT + "requires_on_both_lines: [scim]\n")
    code, out, err = called(capsys, "check", path)
    assert (code, err) == (0, "")
    assert out.startswith("The deal is valid: 2 workloads, 2 cohorts, 4 offers, 36 months from 2027-01.\n")
    assert "cohorts.makers.tracks[0]: team-premium is closed: no offer that sells it provides all controls" in " ".join(
        out.split()
    )


def test_check_of_a_bad_deal(capsys, deal):
    deal.write_text("nonsense: 1\n")
    code, out, err = called(capsys, "check", deal)
    assert (code, out) == (2, "")
    assert "nonsense: is not a known key" in err


def test_the_starter_passes_check_and_solve(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert called(capsys, "init")[0] == 0
    code, out, _ = called(capsys, "check", "deal.yaml")
    assert code == 0
    assert "Nothing in it is out of reach, and every clause can bind." in out
    assert called(capsys, "solve", "deal.yaml")[0] == 0


def test_init_overwrites_only_when_told(capsys, deal):
    schema = deal.with_name("deal.schema.json")
    schema.write_text("mine")
    code, _, err = called(capsys, "init", deal)
    assert code == 2
    assert err == "".join(f"{path}: is there already; --force overwrites it\n" for path in (deal, schema))
    assert (deal.read_text(), schema.read_text()) == (LOW_OR_HIGH, "mine")
    assert called(capsys, "init", deal, "--force")[0] == 0
    assert deal.read_text() != LOW_OR_HIGH
    assert schema.read_text() == called(capsys, "schema")[1]


def test_init_names_the_schema_beside_it_to_an_editor(capsys, tmp_path):
    """A second deal in the folder shares the schema; what is printed names none, as none stands beside it."""
    assert called(capsys, "init", tmp_path / "deal.yaml")[0] == 0
    assert called(capsys, "init", tmp_path / "other.yaml")[0] == 0
    first, _, starter = (tmp_path / "other.yaml").read_text().partition("\n")
    assert first == "# yaml-language-server: $schema=deal.schema.json"
    assert starter == called(capsys, "init", "-")[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deal.schema.json", "deal.yaml", "other.yaml"]


def test_rates_prints_the_card_of_a_day(capsys):
    code, out, _ = called(capsys, "rates", "--as-of", "2026-09-30")
    assert code == 0
    assert out.startswith("claude@2026-09-30: USD per million tokens\n")
    assert "claude-opus-5-5" in out
    assert "claude-haiku-5-5" not in out
    data = json.loads(called(capsys, "rates", "--json")[1])
    assert data["as_of"] == "2026-11-23"
