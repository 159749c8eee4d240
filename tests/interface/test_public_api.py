"""The public API: one list, the same everywhere, and cheap to import."""

import dataclasses
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

import deal_solve
from tests.support.paths import ROOT, SCENARIOS

HEAVY = {"numpy", "pandas", "pulp", "highspy", "pydantic", "yaml", "click"}
PUBLIC = deal_solve.__all__
MAX_NAMES = 76
PAGE = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8").partition("## What they return")[2]
RETURNED_NAMES = re.findall(r"^\| `(\w+)` \| `(deal_solve\.[\w.]+)` \|", PAGE, re.MULTILINE)
NAMES = [*((name, "deal_solve") for name in PUBLIC), *RETURNED_NAMES]


def test_the_names_are_sorted_and_few():
    assert sorted(PUBLIC) == PUBLIC
    assert len(PUBLIC) <= MAX_NAMES


def test_every_name_is_there_and_documented():
    for name, module in NAMES:
        thing = getattr(importlib.import_module(module), name)
        assert thing.__doc__, name
        assert not thing.__doc__.startswith(f"{name}("), f"{name} is a dataclass without a docstring"


def test_what_is_returned_is_listed_apart_from_the_public_names():
    assert len({name for name, _ in RETURNED_NAMES} - set(PUBLIC)) == len(RETURNED_NAMES)


def test_everything_is_taken_by_a_star():
    names = {}
    exec("from deal_solve import *", names)
    assert set(PUBLIC) <= set(names)


def test_an_unknown_name_is_an_attribute_error_and_dir_lists_the_known():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = deal_solve.nothing
    assert set(PUBLIC) <= set(dir(deal_solve))


def test_a_solve_loads_no_tables_and_no_pictures():
    """Pandas and matplotlib take as long to load as a small deal takes to be solved."""
    code = f"""
import sys
from deal_solve.cli.main import run
run(["solve", {str(SCENARIOS / "three-quotes.yaml")!r}])
print(sorted({{"pandas", "matplotlib", "xlsxwriter", "docx"}} & set(sys.modules)))
"""
    path = str(Path(deal_solve.__path__[0]).parent)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_importing_is_cheap():
    code = "import json, sys, deal_solve; print(json.dumps(sorted(sys.modules)))"
    path = str(Path(deal_solve.__path__[0]).parent)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert not HEAVY & loaded


def test_results_are_frozen():
    """What a solve or an analysis returns, a deal, a plan, and what is read from JSON."""
    for thing in (getattr(importlib.import_module(module), name) for name, module in NAMES):
        if dataclasses.is_dataclass(thing):
            assert thing.__dataclass_params__.frozen, thing
        elif isinstance(thing, type) and issubclass(thing, BaseModel):
            assert thing.model_config["frozen"], thing


def test_nothing_is_printed(capfd):
    deal = deal_solve.load(SCENARIOS / "three-quotes.yaml")
    solution = deal_solve.solve(deal)
    deal_solve.why_not(solution, "offer=list")
    deal_solve.to_json(solution)
    repr(deal_solve.show(solution))
    assert capfd.readouterr() == ("", "")


def test_the_package_is_typed():
    assert (Path(deal_solve.__path__[0]) / "py.typed").exists()
