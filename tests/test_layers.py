"""One way through the house: imports go from the deal towards the command line and never back."""

import ast
from pathlib import Path

import pytest

import deal_solve

ROOT = Path(deal_solve.__path__[0])
ROOMS = [
    "errors",
    "version",
    "deal",
    "uncertainty",
    "plan",
    "settlement",
    "formulation",
    "optimise",
    "analysis",
    "report",
]
ROOMS.append("cli")
MODULES = sorted(ROOT.rglob("*.py"))
SOLVERS = {"pulp", "highspy"}


def imports_of(path):
    """Yield the modules a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield node.module


def room(module):
    return module.split(".")[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_one_way(path):
    own = path.relative_to(ROOT).with_suffix("").parts[0]
    if own == "__init__":
        return
    for module in imports_of(path):
        if module.startswith("deal_solve."):
            assert ROOMS.index(room(module)) <= ROOMS.index(own), f"{own} imports {module}"


def test_settlement_and_formulation_never_meet():
    """Two independent implementations: their agreement is evidence."""
    for own, other in (("settlement", "formulation"), ("formulation", "settlement")):
        for path in (ROOT / own).rglob("*.py"):
            assert all(room(m) != other for m in imports_of(path) if m.startswith("deal_solve.")), path


def test_solvers_stay_in_their_rooms():
    for path in MODULES:
        used = {module.split(".")[0] for module in imports_of(path)} & SOLVERS
        own = path.relative_to(ROOT).parts[0]
        assert not used or own in ("formulation", "optimise"), f"{path} imports {used}"
