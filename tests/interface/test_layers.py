"""One way through the house: imports go from the deal towards the command line and never back."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import deal_solve
from deal_solve.settlement.lines import LINES
from tests.support.paths import ROOT

PACKAGE = Path(deal_solve.__path__[0])
ORDER = (
    "deal",
    "exports",
    "uncertainty",
    "plan",
    ("settlement", "formulation"),
    "optimise",
    "facts",
    "report",
    "analysis",
    "cli",
)
RANK = {name: index for index, step in enumerate(ORDER) for name in ([step] if isinstance(step, str) else step)}
SHARED = {"errors", "files", "frames", "memory", "messages", "optional", "record", "stopping", "version"}


@cache
def imports(path):
    """Return the dotted names a module imports, wherever it does so."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            names.append(f"{node.module}")
            if node.module == "deal_solve" or (node.module and node.module.count(".") == 1):
                names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)


def test_every_room_has_its_place():
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} == set(RANK)


def test_imports_go_one_way():
    """A room imports from itself and from rooms before it; settlement and formulation never meet."""
    for path in MODULES:
        room = path.relative_to(PACKAGE).parts[0]
        used = {name.split(".")[1] for name in imports(path) if name.startswith("deal_solve.")} - SHARED
        used = {name for name in used if name in RANK}
        assert all(RANK[name] <= RANK[room] for name in used), path
        assert not {"settlement", "formulation"} <= used | {room} or room not in ("settlement", "formulation"), path


CALLED_BACK = {
    ("deal_solve.deal.deal", "deal_solve.deal.load"),  # a deal made of plain data checks its references as a file does
    ("deal_solve.analysis.document.result", "deal_solve.analysis.document.markup"),  # a document writes itself
    ("deal_solve.analysis.document.result", "deal_solve.analysis.document.workbook.book"),  # the same
    ("deal_solve.analysis.document.result", "deal_solve.analysis.document.letter"),  # the same
}


def test_no_module_needs_one_that_needs_it():
    """Nor under TYPE_CHECKING, nor inside a function, but for the methods that are named above."""
    names = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in MODULES}
    needed = {
        name: {used for used in imports(path) if used in names and (name, used) not in CALLED_BACK}
        for name, path in names.items()
    }
    TopologicalSorter(needed).prepare()  # raises CycleError


@pytest.mark.parametrize(("package", "rooms"), [("pulp", {"formulation", "optimise"}), ("highspy", {"optimise"})])
def test_solvers_are_behind_two_doors(package, rooms):
    found = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] == package
    }
    assert found == rooms


def test_settlement_and_formulation_have_the_same_clauses():
    """Two implementations, the same names: what settles a clause has a counterpart in the program.

    What is paid before the month of signing is not decided: the program has its sums alone.
    """
    own = {"blocks", "settle", "ledger", "lines", "limit_checks", "usage", "objective", "records"}
    settlement, clauses = PACKAGE / "settlement", PACKAGE / "formulation" / "clauses"
    settled = {path.relative_to(settlement) for path in settlement.rglob("*.py") if path.stem not in own}
    settled -= {path for path in settled if path.parent.name == "in_force" and path.stem != "before"}
    assert settled <= {path.relative_to(clauses) for path in clauses.rglob("*.py")}


def test_no_folder_of_the_package_is_crowded():
    """At most twenty modules in a folder."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert all(len(list(folder.glob("*.py"))) <= 20 for folder in folders)


def test_a_module_has_one_concern():
    """At most 400 lines."""
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    assert not {path: count for path, count in lines.items() if count > 400}


def named_lines(path):
    """Yield the lines that a clause of the program charges, which it writes as plain strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        given = []
        if isinstance(node, ast.Call):
            given = [each.value for each in node.keywords if each.arg == "line"]
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("pay", "meter", "_charge"):
                given.append(node.args[0])
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "line":
            given = [node.value] if node.value else []
        chosen = [
            part for each in given for part in ([each.body, each.orelse] if isinstance(each, ast.IfExp) else [each])
        ]
        yield from (each.value for each in chosen if isinstance(each, ast.Constant))


def test_the_program_charges_the_lines_of_settlement():
    """The formulation may not import their records."""
    found = {line for path in (PACKAGE / "formulation" / "clauses").rglob("*.py") for line in named_lines(path)}
    assert found == set(LINES)


ANALYSES = sorted(path for path in (PACKAGE / "analysis").rglob("*.py") if path.parent != PACKAGE / "analysis")


def test_an_analysis_takes_from_another_one_what_it_computes_and_returns():
    """Its question and its result; texts and pictures are each folder's own."""
    for path in ANALYSES:
        for name in imports(path):
            parts = name.split(".")
            if name.startswith("deal_solve.analysis.") and parts[2] != path.parent.name and len(parts) > 3:
                assert parts[3] not in ("text", "picture"), f"{path} imports {name}"


def test_pictures_are_drawn_in_one_place_each():
    found = {path for path in PACKAGE.rglob("*.py") for name in imports(path) if name.split(".")[0] == "matplotlib"}
    assert {path.name for path in found} <= {"picture.py", "outputs.py"}  # outputs names the type of a figure


TESTS = sorted((ROOT / "tests").rglob("*.py"))


def test_what_tests_share_is_in_support():
    """No test imports a test; support imports none either; only the benchmarks are themselves tested."""
    for path in TESTS:
        shared = {"support", "benchmarks"} - ({"benchmarks"} if "support" in path.parts else set())
        used = {name.split(".")[1] for name in imports(path) if name.startswith("tests.")}
        assert used <= shared, path


def test_no_folder_of_tests_is_crowded():
    for folder in {path.parent for path in TESTS}:
        assert len([path for path in folder.iterdir() if path.is_file() and path.name != "__init__.py"]) <= 20
