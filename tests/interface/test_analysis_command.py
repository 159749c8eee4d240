"""A command that answers a question: what the decorator adds to a few lines, and what it hands over."""

from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner

from deal_solve.cli.support.analysis import Answer, analysis_command
from deal_solve.cli.support.options import fix_option

DEAL = str(Path(__file__).parents[2] / "scenarios" / "start-up.yaml")
SHARED = [
    "--out",
    "--picture",
    "--report",
    "--scenarios",
    "--seed",
    "--sampling",
    "--memory",
    "--solver",
    "--method",
    "--gap",
    "--time-limit",
]
RISK = ["--risk", "--confidence", "--risk-on", "--criterion"]


class Found:
    """A result of one cell."""

    def to_frame(self):
        return pd.DataFrame({"answer": [42]})


def command_of(is_proven=True, has_risk=True):
    """Return a command, and the list of the questions it was asked."""
    asked = []

    @analysis_command(epilog="An example.", out="Write it.", picture="Draw it.", has_risk=has_risk)
    @click.option("--depth", type=int, default=1)
    @fix_option
    def command(question, depth):
        """Ask about DEAL."""
        asked.append((question, depth))
        return Answer(found=Found(), is_proven=is_proven)

    return command, asked


@pytest.mark.parametrize("has_risk", [True, False])
def test_own_options_come_after_what_changes_the_deal(has_risk):
    command, _ = command_of(has_risk=has_risk)
    names = [each.opts[-1] for each in command.params if isinstance(each, click.Option)]
    assert names == ["--set", "--depth", "--fix", *SHARED, *(RISK if has_risk else []), "--verbose"]
    assert command.help == "Ask about DEAL."


def test_a_question_has_the_deal_its_scenarios_and_the_options(tmp_path):
    command, asked = command_of()
    out = tmp_path / "table.csv"
    args = [DEAL, "--depth", "3", "--gap", "0.01", "--risk", "neutral", "--time-limit", "9", "--out", str(out)]
    done = CliRunner().invoke(command, args, standalone_mode=False)
    assert (done.return_value, done.output) == (0, " answer\n     42\n")
    [(question, depth)] = asked
    assert (depth, question.deal.risk.weight, question.scenarios().size) == (3, 0.0, 4)
    assert (question.options.gap, question.options.time_limit, question.options.fix) == (0.01, 9.0, None)
    assert out.read_text(encoding="utf-8") == "answer\n42\n"


def test_what_is_not_proven_has_an_exit_code():
    command, _ = command_of(is_proven=False)
    assert CliRunner().invoke(command, [DEAL], standalone_mode=False).return_value == 4
