"""Packages that come with an extra: where one is missing, one sentence says what to install, before anything runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import deal_solve
from deal_solve.cli.main import run
from deal_solve.version import VERSION

SCENARIOS = Path(__file__).parents[2] / "scenarios"
DEAL = str(SCENARIOS / "hybrid.yaml")
VARY = ["--vary", "offers.product-quote.api.bands[1].discount=5%:25%:3"]
PARQUET = "a Parquet file needs pyarrow; expected: pip install 'deal-solve[parquet]'"
PICTURE = "a picture needs matplotlib; expected: pip install 'deal-solve[pictures]'"
WORKBOOK = "a workbook needs xlsxwriter; expected: pip install 'deal-solve[documents]'"
LETTER = "a text document needs docx; expected: pip install 'deal-solve[documents]'"
CLUSTER = "a cluster needs distributed; expected: pip install 'deal-solve[cluster]'"


@pytest.mark.parametrize(
    ("package", "args", "message"),
    [
        ("pyarrow", ["solve", DEAL, "--scenarios", "few.parquet"], f"few.parquet: {PARQUET}"),
        ("pyarrow", ["curve", DEAL, "--out", "{}/curve.parquet"], f"--out: {PARQUET}"),
        ("pyarrow", ["sweep", DEAL, *VARY, "--out", "{}/sweep.parquet"], f"--out: {PARQUET}"),
        ("pyarrow", ["scenarios", DEAL, "--out", "{}/scenarios.parquet"], f"--out: {PARQUET}"),
        ("matplotlib", ["curve", DEAL, "--picture", "{}/curve.png"], f"--picture: {PICTURE}"),
        ("matplotlib", ["scenarios", DEAL, "--scenarios", "64", "--picture", "{}/fan.png"], f"--picture: {PICTURE}"),
        ("xlsxwriter", ["report", DEAL, "--quick", "--xlsx", "{}/book.xlsx"], f"--xlsx: {WORKBOOK}"),
        ("docx", ["report", DEAL, "--quick", "--out", "{}/page.docx"], f"--out: {LETTER}"),
        ("distributed", ["sweep", DEAL, *VARY, "--cluster", "tcp://host:8786"], f"--cluster: {CLUSTER}"),
    ],
)
def test_a_missing_package_is_one_sentence(capsys, monkeypatch, tmp_path, package, args, message):
    monkeypatch.setitem(sys.modules, package, None)
    assert run([arg.replace("{}", str(tmp_path)) for arg in args]) == 2
    assert capsys.readouterr() == ("", f"{message}\n")
    assert not list(tmp_path.iterdir())


def test_python_runs_the_package():
    env = {**os.environ, "PYTHONPATH": str(Path(deal_solve.__path__[0]).parent)}
    command = [sys.executable, "-m", "deal_solve", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    assert done.stdout == f"deal-solve {VERSION}\n"
