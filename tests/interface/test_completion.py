"""What a shell proposes: known words, and what stands in the deal file on the line."""

import pytest

from deal_solve.cli.main import run
from tests.support.deals import SMALL

OVERAGE = "offers.quote.api.overage"
RISKS = "plain,neutral\nplain,balanced\nplain,cautious\n"
CRITERIA = RISKS + "plain,worst\nplain,regret\n"


@pytest.fixture
def deal(tmp_path):
    path = tmp_path / "deal.yaml"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("sweep {deal} --vary offers.quote.api.o", f"plain,{OVERAGE}=\n"),
        ("sweep {deal} --vary horizon_months=12 --vary offers.quote.api.o", f"plain,{OVERAGE}=\n"),
        ("sweep none.yaml --vary offers.quote.api.o", "\n"),
        ("sweep --vary offers.quote.api.o", "\n"),
        ("breakeven {deal} --vary offers.quote.api.o", f"plain,{OVERAGE}=\n"),
        ("curve {deal} --offer ", "plain,quote\n"),
        ("clauses {deal} --risk neutral --offer q", "plain,quote\n"),
        ("clauses {deal} --offer x", "\n"),
        ("solve {deal} --risk ", RISKS),
        ("sweep {deal} --risk c", "plain,cautious\n"),
        ("solve {deal} --criterion ", "plain,expected\nplain,worst\nplain,regret\n"),
        ("solve {deal} --criteria ", CRITERIA),
        ("solve {deal} --criteria balanced,", CRITERIA.replace("plain,balanced\n", "").replace(",", ",balanced,")),
        ("settle {deal} --scenario h", "plain,high\n"),
    ],
)
def test_values_are_completed(monkeypatch, capsys, deal, words, completed):
    words = f"deal-solve {words.format(deal=deal)}"
    monkeypatch.setenv("_DEAL_SOLVE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    assert run([]) == 0
    assert capsys.readouterr() == (completed, "")
