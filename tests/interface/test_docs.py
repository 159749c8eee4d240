"""The docs: generated pages are fresh, and every block of code runs and prints what it says.

A ```python block is executed, blocks of a page in one namespace; what it prints is compared with its `# → ` lines, if
it has any. In a ```console block the lines after `$ ` (and `> `, which go on with it) are run, by a shell unless it is
one plain call of `deal-solve`, blocks of a page in one folder, and what they print is compared with the lines that
follow; `...` stands for anything. An ```output block is a part of what the last command printed. A block with a title,
such as ```yaml title="deal.yaml", is a file in that folder; those of the README are there on every page.
"""

import contextlib
import doctest
import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deal_solve
from deal_solve.cli.main import run
from deal_solve.deal.clauses.registry import CLAUSES
from tests.support.paths import ROOT, SCENARIOS
from tests.support.solved import printed

PAGES = sorted(path for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")) if path.exists())
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
QUIET = " > /dev/null"
"""What a plain call may end in."""
TITLED = re.compile(r'^```\w+ title="([^"\n]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def load_generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()


@pytest.mark.parametrize("name", GENERATOR.PAGES)
def test_generated_pages_are_fresh(name):
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert GENERATOR.PAGES[name]() == written, "stale: run python docs/generate.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_anchor_that_is_linked_to_is_a_heading(page):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([\w-]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            text = (page.parent / target if target else page).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.MULTILINE)
            anchors = {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower())) for heading in headings}
            assert anchor in anchors, f"{page.name} links to {target}#{anchor}"


CLAUSE_SECTIONS = [
    section
    for page in sorted((ROOT / "docs" / "reference" / "model").glob("[1-7]-*.md"))
    for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
]
PATHS = {"api": "offers.<offer>.api", "seats": "offers.<offer>.seats.<type>", "offer": "offers.<offer>"}


def fields_of(section):
    """Yield the fields in the first column of a section's table; `.ramp` stands beside the field before it."""
    for cell in re.findall(r"^\| (`[^|]*)\|", section, re.MULTILINE):
        beside = ""
        for field in re.findall("`([^`]+)`", cell):
            path, _, value = field.partition(": ")
            beside = path = beside.rpartition(".")[0] + path if path.startswith(".") else path
            if not value:
                yield path


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.name)
def test_a_registered_clause_has_a_section_with_formula_example_field_and_modules(clause):
    fields = [".".join((PATHS[clause.part], *clause.path[:depth])) for depth in range(len(clause.path), 0, -1)]
    found = [[section for section in CLAUSE_SECTIONS if field in fields_of(section)] for field in fields]
    (section,) = next(sections for sections in found if sections)  # of its own field, or of the one that holds it
    for what in ("Definition", "Formula", "Example"):
        assert f"**{what}.**" in section, what
    for package in ("formulation/clauses", "(settlement|plan)"):
        assert re.search(rf"deal_solve/{package}/[\w/]+\.py\)", section), package


def test_links_to_modules_in_the_model_are_named_after_them():
    for section in CLAUSE_SECTIONS:
        for name, path in re.findall(r"\[([\w/]+)\]\([./]*solver/deal_solve/([\w/]+)\.py\)", section):
            assert f"/{name}/" in f"/{path}/", path


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_local_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def commands(block):
    """Yield (command, expected output) of a console block."""
    command, expected = [], []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield "\n".join(command), "\n".join(expected)
            command, expected = [line[2:]], []
        elif line.startswith("> ") and not expected:
            command.append(line[2:])
        else:
            expected.append(line)
    if command:
        yield "\n".join(command), "\n".join(expected)


def alike(expected, found):
    """Whether output is as printed in the docs, `...` standing for anything."""
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS
    return checker.check_output(expected.rstrip("\n") + "\n", found.rstrip("\n") + "\n", flags)


def shell(folder):
    """Return an environment in which `deal-solve` and `python` are those under test."""
    tools = folder / ".tools"
    tools.mkdir(parents=True)
    for name, module in (("deal-solve", "-m deal_solve.cli.main"), ("python", "")):
        tool = tools / name
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        tool.chmod(0o755)
    paths = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(Path(deal_solve.__path__[0]).parent)}
    return {**os.environ, **paths, "COLUMNS": "100"}


def is_plain(command):
    """Whether a command is one call of `deal-solve`, without anything that only a shell does."""
    bare = re.sub(r"'[^']*'", "", command.removesuffix(QUIET).replace("\\\n", " "))
    return bare.startswith("deal-solve ") and not re.search(r"[|<>&;$`*?#\n\\]", bare)


def called(command):
    """Return what a plain call prints, run in this process, which has loaded already what it needs."""
    about_an_example = re.fullmatch(r"deal-solve (\w+) scenarios/([\w-]+)\.yaml", command)
    if about_an_example:
        return printed(*about_an_example.groups()).replace(f"{ROOT}/", "")  # messages name the file as it was given
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        run(shlex.split(command.removesuffix(QUIET).replace("\\\n", " "))[1:])
    return ("" if command.endswith(QUIET) else out.getvalue()) + err.getvalue()


def called_by_a_shell(command, environment):
    """Return what a command prints, its own processes included."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_code_in_the_docs_runs(page, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    if SCENARIOS.is_dir():
        shutil.copytree(SCENARIOS, folder / "scenarios")
    for source in (ROOT / "README.md", page):
        for name, text in TITLED.findall(source.read_text(encoding="utf-8")):
            (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    environment, namespace, found = shell(tmp_path), {}, ""
    for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(block, str(page), "exec"), namespace)
            expected = "\n".join(re.findall(r"^ *# → (.*)", block, re.MULTILINE))
            assert not expected or alike(expected, out.getvalue()), out.getvalue()
        elif kind == "console":
            for command, expected in commands(block):
                is_here = is_plain(command) and page.name != "README.md"
                found = called(command) if is_here else called_by_a_shell(command, environment)
                assert alike(expected, found), f"$ {command}\n{found}"
        elif kind == "output":
            assert alike(f"...{block.rstrip()}...", found), block


def numbers(text):
    """Return the numbers of a text, without commas."""
    return {number.replace(",", "") for number in re.findall(r"\d[\d,.]*\d|\d", text)}


def test_every_number_that_the_negotiation_talks_about_is_printed_in_it():
    """But for the numbers of the acts."""
    page = (ROOT / "docs" / "tutorial" / "negotiation.md").read_text(encoding="utf-8")
    said = numbers(re.sub(r"^## \d|act \d", "", BLOCK.sub("", page), flags=re.MULTILINE))
    assert said <= numbers("".join(block for _, block in BLOCK.findall(page)))
    assert numbers("1,200 in 5% of 0.5 and 7.10.") == {"1200", "5", "0.5", "7.10"}


def test_the_comparison_itself():
    assert alike("a\n...\nz", "a\nb\nc\nz\n")
    assert not alike("a\nb", "a\nc")
    assert is_plain("deal-solve sweep a.yaml --vary 'x.*=1%' \\\n--jobs 2 > /dev/null")
    assert not any(map(is_plain, ("deal-solve today a.yaml | head", "cat a", "deal-solve init\ncat deal.yaml")))
    assert list(commands("$ cat <<E\n> x\n> E\nx\n$ true\n")) == [("cat <<E\nx\nE", "x"), ("true", "")]
