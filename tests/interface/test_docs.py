"""The docs: generated pages are fresh, and every block of code runs and prints what it says.

A ```python block is executed, blocks of a page in one namespace; what it prints is compared with its `# → ` lines, if
it has any. In a ```console block the lines after `$ ` (and `> `, which go on with it) are run by a shell, blocks of a
page in one folder, and what they print is compared with the lines that follow; `...` stands for anything.
"""

import contextlib
import doctest
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deal_solve

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")) if path.exists())
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def load_generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["deal-file.md", "result.md", "cli.md"])
def test_generated_pages_are_fresh(name):
    written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert load_generator().PAGES[f"reference/{name}"]() == written, "stale: run python docs/generate.py"


def test_every_model_and_link_of_the_reference_resolves():
    for name in ("deal-file.md", "result.md"):
        text = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
        anchors = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", text, re.MULTILINE)}
        links = set(re.findall(r"\]\(#([\w-]+)\)", text))
        assert links <= anchors


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


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_code_in_the_docs_runs(page, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    if (ROOT / "scenarios").is_dir():
        shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    monkeypatch.chdir(folder)
    environment, namespace = shell(tmp_path), {}
    for kind, block in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(block, str(page), "exec"), namespace)
            expected = "\n".join(re.findall(r"^ *# → (.*)", block, re.MULTILINE))
            assert not expected or alike(expected, printed.getvalue()), printed.getvalue()
        elif kind == "console":
            for command, expected in commands(block):
                done = subprocess.run(
                    ["bash", "-c", command], capture_output=True, text=True, env=environment, cwd=folder, check=False
                )
                found = done.stdout + done.stderr
                assert alike(expected, found), f"$ {command}\n{found}"


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
    assert list(commands("$ cat <<E\n> x\n> E\nx\n$ true\n")) == [("cat <<E\nx\nE", "x"), ("true", "")]
