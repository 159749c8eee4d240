"""What the site needs beyond its pages: equations as MathML, and pages for the files that they link to.

Equations (`$x$` in a line, `$$` around a block) become MathML while the site is built, so that a reader's browser needs
no script and nothing is fetched. Names in code in a table may break after a dot or underscore, and nowhere else. A link
from a page to a file or folder outside `docs/`, such as a module or example, works where the repository is read; on the
site it leads to a page that shows the file.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

LINK = re.compile(r"\]\(((?:\.\./)+[^)#\s]+)")
EQUATION = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
CELL = re.compile(r"<td[ >].*?</td>", re.DOTALL)
CODE = re.compile(r"(?<=<code>)[^<]+(?=</code>)")
PRIME = re.compile(r"<msup>(<mi>[^<]+</mi>)<mi>&#x02032;</mi></msup>")
PRIMED = re.compile(r"<msubsup>(<mi>[^<]+</mi>)((?:(?!<msubsup>).)*?)<mi>&#x02032;</mi></msubsup>", re.DOTALL)
LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml"}


def on_config(config: MkDocsConfig) -> None:
    """Put every page of a folder in the place of `folder/*` in the navigation, but for those that are named there."""
    config.nav = _expanded(config.nav, Path(config.docs_dir))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every file outside `docs/` that some page links to."""
    root = Path(config.docs_dir).parent
    for file in [file for file in files if file.is_documentation_page()]:
        for target in LINK.findall(file.content_string):
            path = _outside(file.src_uri, target, config)
            if path and not files.get_file_from_path(_uri(path, root)):
                files.append(File.generated(config, _uri(path, root), content=_shown(path, root)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files outside `docs/` to the pages that show them."""
    root, up = Path(config.docs_dir).parent, "../" * page.file.src_uri.count("/")

    def lead(link: re.Match[str]) -> str:
        path = _outside(page.file.src_uri, link[1], config)
        return f"]({up}{_uri(path, root)}" if path else link[0]

    return LINK.sub(lead, markdown)


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the equations of a page into MathML, and let the names in its tables break between their parts."""

    def turn(equation: re.Match[str]) -> str:
        if equation[2] == "[":
            return f'<div class="equation">{_mathml(equation[3], "block")}</div>'
        return _mathml(equation[3], "inline")

    def breakable(cell: re.Match[str]) -> str:
        return CODE.sub(lambda code: re.sub(r"(?<=\w)[._]|\[\]|&gt;", r"\g<0><wbr>", code[0]), cell[0])

    return CELL.sub(breakable, EQUATION.sub(turn, content))


def _mathml(equation: str, display: str) -> str:
    """Return an equation as MathML; words are names in it, since an operator between two texts gets no space.

    A prime is raised as it is, and not set as an exponent.
    """
    made: str = convert(html.unescape(equation), display=display)
    made = PRIMED.sub(r"<msub><mrow>\1<mo>&#x02032;</mo></mrow>\2</msub>", made)
    made = PRIME.sub(r"<mrow>\1<mo>&#x02032;</mo></mrow>", made)
    return re.sub(r"<mtext>([^<]{2,})</mtext>", r"<mi>\1</mi>", made)


def _expanded(nav: Any, docs: Path) -> Any:
    if isinstance(nav, dict):
        return {title: _expanded(entry, docs) for title, entry in nav.items()}
    if not isinstance(nav, list):
        return nav
    found: list[Any] = []
    for entry in nav:
        if isinstance(entry, str) and entry.endswith("/*"):
            pages = sorted(path.relative_to(docs).as_posix() for path in docs.glob(f"{entry}.md"))
            found += [page for page in pages if page not in nav]
        else:
            found.append(_expanded(entry, docs))
    return found


def _outside(source: str, target: str, config: MkDocsConfig) -> Path | None:
    """Return the file or folder that a link of a page leads to, if it lies in the repository but not in `docs/`."""
    docs = Path(config.docs_dir)
    path = (docs / source).parent.joinpath(target).resolve()
    return path if path.exists() and path.is_relative_to(docs.parent) and not path.is_relative_to(docs) else None


def _uri(path: Path, root: Path) -> str:
    return f"repository/{path.relative_to(root).as_posix()}{'' if path.suffix == '.md' else '.md'}"


def _shown(path: Path, root: Path) -> str:
    """Return the page of a file, or of the files in a folder."""
    head = f"# {path.relative_to(root).as_posix()}\n\n"
    if path.is_dir():
        return head + "\n".join(f"- `{inner.name}`" for inner in sorted(path.iterdir()) if inner.name[0] not in "_.")
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return re.sub(r"\]\(docs/", "](../", text)
    return head + f"`````{LANGUAGES.get(path.suffix, 'text')}\n{text}\n`````\n"
