"""Write the pages and tables of docs that say what the code says: the deal file, results, clauses, the command line.

Run `python docs/generate.py`; with `--check` it writes nothing and fails if a page is stale, as a test does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import importlib
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import deal_solve
from deal_solve.analysis.clauses.steps import ONE_ORDER_FORM, ONE_ORDER_FORM_STEP
from deal_solve.cli.main import COMMANDS, cli, module_of
from deal_solve.cli.prints import schema
from deal_solve.deal import base, numbers, risk, workload
from deal_solve.deal.card_overrides import RateCardRef
from deal_solve.deal.clauses.registry import CLAUSES
from deal_solve.deal.deal import Deal
from deal_solve.deal.offers import api, terms
from deal_solve.exports.fields import FIELDS
from deal_solve.exports.reader import JsonReader, TableReader
from deal_solve.exports.recognise import JSON_READERS, TABLE_READERS
from deal_solve.exports.values import ACCEPTED
from deal_solve.frames import Table
from deal_solve.plan import proposal
from deal_solve.plan.plan import Plan
from deal_solve.plan.proposal import Proposal
from deal_solve.record import NullIfInfinite
from deal_solve.settlement.lines import LINES

HERE = Path(__file__).parent
CLAUSES_HEAD = "| clause | one step towards the buyer | |\n|---|---|---|\n"
NUMBER = "number"
FORMS: list[tuple[object, str]] = [
    (numbers.Share, "share"),
    (numbers.Discount, "discount"),
    (numbers.NonNegative, "number, 0 or more"),
    (numbers.Positive, "number above 0"),
    (numbers.Change, "change"),
    (numbers.Number, NUMBER),
    (numbers.Count, "whole number"),
    (numbers.NonNegativeBand, "number or band"),
    (numbers.ShareBand, "share or band"),
    (numbers.ChangeBand, "change or band"),
    (base.Month, "month"),
    (base.Name, "name"),
    (base.Id, "id"),
    (base.Title, "text"),
    (risk.NonNegativePath, "path"),
    (risk.PositivePath, "path"),
    (workload.Buckets, "number, or list of [Bucket](#bucket)"),
    (workload.PriceChange, "change or band, or a list of them"),
    (api.Discounts, "discount, or map of name → discount"),
    (terms.Terms, "list of months, or map of months → [Term](#term)"),
    (proposal.Counts, "whole number, or a list of them"),
    (proposal.Tracks, "name, or list of names"),
    (proposal.Routes, "option, or map of option → share, or list of [ProposedRoute](#proposedroute)"),
]
SHORT_FORMS = {
    ("Deal", "rates"): "card@DATE, a file, or [RateCardRef](#ratecardref)",
    ("Deal", "renewal_decisions"): "at_signing, observed, or [Observed](#observed)",
    ("Deal", "risk"): "neutral, balanced, cautious, or [Risk](#risk)",
    ("SeatPart", "true_up"): "a preset, hard_cap, or [TrueUp](#trueup)",
    ("ProposedApi", "commitment_usd"): "number, or a list of them",
    ("ProposedApi", "band_usd_per_year"): "number, or a list of them",
    ("ApiInForce", "commitment_usd"): "number, 0 or more, or a list of them",
    ("Proposal", "api"): "[ProposedApi](#proposedapi)",
}
EXPORTS_INTRO = """\
# The exports that are read

`deal-solve measure` and `track` tell an export by its content: by the keys that a record has, or the columns of a
table. Of a table, a column that is in neither list is named where the files are printed, and not read; a table that
lacks one it has to have is refused, by the nearest name. [How to use it](../guides/measure.md). This page is written by
`docs/generate.py` from the readers.
"""
VALUES_INTRO = "A field may be empty. A value that is none of these is refused, with its file and its row or record."
INTRO = """\
# The deal file

<!-- Written by `docs/generate.py` from the models; do not edit. -->

A deal is one file in YAML 1.2 or JSON. Unknown keys, keys that stand twice and numbers that cannot be are refused, all
problems in one go, each as `file:line: path: what is wrong, what was expected`. `deal-solve init` writes a commented
starter, and `deal-solve check` finds what can never matter.

The starter names its JSON Schema (`deal-solve schema`) in its first line, `# yaml-language-server: $schema=…`. Editors
that know this line (VS Code with the YAML extension, Neovim, Emacs and others with yaml-language-server) complete the
keys, show what each means, and mark mistakes while you write; put it at the top of a deal of your own as well.

| form | how it is written |
|---|---|
| number | `1200`, `900k`, `1.4M`, `2B`, `60%` |
| share | a number from 0 to 1, or `0%` to `100%` |
| discount | a share below 1 |
| change | a number above -1, or above `-100%` |
| band | `{p10: 1M, p50: 2M, p90: 4M}`, or `{low: 1M, high: 4M}` (P10 and P90, the middle between them), or `2M ± 30%` |
| path | one number for every month, one per contract year, or one per month |
| month | `2027-01` |
| id | up to 40 of `a-z`, `0-9` and `-`, so that every field has a plain path: `offers.counter.api.overage` |
| name | an id of this file, or a name on the rate card; a model also by alias, dated, Bedrock, Vertex or display name |

`extends: other-offer` in an offer takes over another one: maps merge, lists replace, `null` removes.
"""
PROPOSAL_INTRO = """\
## Proposals

A proposal is any part of a plan: `settle --plan` completes it and says what it assumed, `solve --fix` pins it and
optimises the rest. A plan from `--json`, or the whole result file, is a proposal too. For the starter deal:

```console
$ deal-solve init
deal.yaml written, with deal.schema.json for your editor; next: deal-solve solve deal.yaml
$ cat > proposal.yaml <<END
> api: {offer: quote, term_months: 24, commitment_usd: 300k}
> seats: {enterprise: {contracted: [150, 160]}}
> tracks: {sales: none}
> routing: {support-bot: sonnet+cache, nightly-reports: sonnet+batch}
> END
$ deal-solve settle deal.yaml --plan proposal.yaml
Starter deal: 24 months from 2027-01, all amounts USD
Plan    API agreement quote (First order form), 24 months: 300,000 USD committed in each contract
        year (band from 300,000 a year)
        150 / 160 enterprise seats in contract year 1 / 2, from quote
Cost    ... expected over 24 months, present value at 8% a year; ... (P10) to
        ... (P90)
...
Assumed
- Cohort engineering takes enterprise in every year, the first of its tracks that is open to it.
- quote, API term 1: band from 300,000 USD a year, commitment 300,000, 300,000 USD a year (band
  assumed).
- enterprise seats are bought from quote, first term 24 months.
- support-bot runs on sonnet in 2027-01 to 2027-02 (as today).
- Workload support-bot buys caching, which its routing needs.
- engineering runs on sonnet+cache in 2027-01 to 2028-12 (best quality open, not in batch).
...
```
"""
MARK = "<!-- Below this line written by docs/generate.py from the models; do not edit. -->"
NAMES_INTRO = """\
# Python names

<!-- Written by `docs/generate.py` from the docstrings; do not edit. -->

Every name that `from deal_solve import *` gives. [The guide](../guides/embedding.md) shows them at work.
"""
RETURNED_INTRO = """\
## What they return

What stands in neither table is not part of the public API. Single parts of `uncertainty_cost` are functions in the
modules of `deal_solve.analysis.uncertainty`: `vss`, `evpi`, `value_of_shorter_term`, `out_of_sample`, `optimality_gap`
and `tell_apart`, over the `replicates` that they share; `driver_breakevens` of `deal_solve.analysis.review.drivers` is
a part of `review`.
"""
LOGGING = """
## Logging

Nothing is printed and no handler is set: loggers of the standard library, all below `deal_solve`, say at INFO which
step of a solve begins and how it ended, and at DEBUG the best objective and the bound by then (USD).
`logging.basicConfig(level="INFO")` prints them; on the command line `--verbose` tells the same steps on stderr.
"""
RESULT_ROOMS = ("optimise", "settlement", "facts", "analysis")
DECISIONS_INTRO = """\
# Decisions

<!-- Written by `docs/generate.py` from the records; do not edit. -->

Why the program is built this way: one short record per decision, in the order in which they were taken.
"""
CLI_INTRO = """\
# The command line

<!-- Written by `docs/generate.py` from `--help`; do not edit. -->

Only the answer goes to stdout; progress goes to stderr, and only if that is a terminal or with `--verbose`.

| exit code | means |
|---|---|
| 0 | solved to the gap, or done |
| 1 | internal error, named in one line; `DEAL_SOLVE_TRACEBACK=1` shows where |
| 2 | bad input: every problem is listed |
| 3 | no plan meets every limit and rule |
| 4 | a plan that is not proven to the gap: a limit stopped the search, or a gap remains; both are printed |
| 5 | stopped by a limit without a plan |
| 6 | `track`: a stated threshold is crossed |
| 130 | interrupted |

Completion: add `eval "$(_DEAL_SOLVE_COMPLETE=bash_source deal-solve)"` to `~/.bashrc`, or the same with `zsh_source` to
`~/.zshrc`; for fish, `_DEAL_SOLVE_COMPLETE=fish_source deal-solve > ~/.config/fish/completions/deal-solve.fish`. After
`--offer`, `--scenario` and `--vary` the shell proposes what stands in the deal file on the line, after `--risk`,
`--criterion` and `--criteria` the known words.
"""


def _metadata(hint: object) -> tuple[object, ...]:
    return getattr(hint, "__metadata__", ())


def _is_kind_of(hint: object, alias: object) -> bool:
    """Whether a hint is an alias, or one with further checks."""
    checks = _metadata(alias)
    same = getattr(hint, "__origin__", hint) == getattr(alias, "__origin__", alias)
    return same and bool(checks) and _metadata(hint)[: len(checks)] == checks


def form(hint: object) -> str:
    """Return how a value is written, in a few words."""
    known = [(len(_metadata(alias)), text) for alias, text in FORMS if _is_kind_of(hint, alias)]
    if known:
        return max(known)[1]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return form(args[0])
    if origin in (typing.Union, types.UnionType):
        return ", or ".join(form(arg) for arg in args if arg is not types.NoneType)
    if origin is typing.Literal:
        return ", ".join(f"`{str(arg).lower() if isinstance(arg, bool) else arg}`" for arg in args)
    if origin in (tuple, Table):
        return f"list of {form(args[0])}"
    if origin is dict:
        return f"map of {form(args[0])} → {form(args[1])}"
    if _has_fields(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    names = {bool: "`true`, `false`", str: "text", int: "whole number", float: NUMBER, datetime.date: "date"}
    return names.get(typing.cast("type", hint), "anything")


def default(value: object) -> str:
    """Return a default as it would be written."""
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, numbers.Band):
        return f"{value.p50:g}"
    if value is None or value in ({}, (), "") or isinstance(value, BaseModel | dict):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and len(value) == 1:  # a list that may be written as its one item
        return default(value[0])
    return f"{value:g}" if isinstance(value, float) else str(value)


def _has_fields(hint: object) -> bool:
    """Whether a hint is a model or a record."""
    return isinstance(hint, type) and (issubclass(hint, BaseModel) or dataclasses.is_dataclass(hint))


def fields_of(model: type) -> Iterator[tuple[str, object, FieldInfo]]:
    """Yield name, hint and description of every field that a file holds."""
    for name, hint in typing.get_type_hints(model, include_extras=True).items():
        if issubclass(model, BaseModel):
            info = model.model_fields.get(name)
        else:
            given = [item for item in _metadata(hint) if isinstance(item, FieldInfo)]
            info = FieldInfo.merge_field_infos(*given) if given else None
        if info and not info.exclude:
            yield name, hint, info


def models_in(model: type) -> list[type]:
    """Return a model and all models it is made of, in reading order."""
    found = [model]
    for _, hint, _ in fields_of(model):
        for part in _models_of(hint):
            found += [inner for inner in models_in(part) if inner not in found]
    return found


def _models_of(hint: object) -> Iterator[type]:
    if _has_fields(hint) and hint is not numbers.Band:
        yield hint
    for known, model in ((workload.Buckets, workload.Bucket), (terms.Terms, terms.Term)):
        if hint == known:
            yield model
            return
    for arg in typing.get_args(hint):
        yield from _models_of(arg)


def table(model: type, level: str = "###", written: bool = True) -> str:
    """Return one model as a table; `written` models have defaults."""
    columns = ["key", "form", "default", "meaning"] if written else ["field", "form", "meaning"]
    doc = " ".join((model.__doc__ or "").split())
    lines = [f"{level} {model.__name__}", "", doc, "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, hint, field in fields_of(model):
        if not field.description:
            raise SystemExit(f"{model.__name__}.{name} has no description")
        how = SHORT_FORMS.get((model.__name__, name)) or form(hint)
        how += "" if written or not _may_be_null(hint) else ", or null"
        meaning = field.description.replace("|", "\\|")
        cells = [f"`{field.alias or name}`", how, default(field.default), meaning]
        lines.append("| " + " | ".join(cell for i, cell in enumerate(cells) if written or i != 2) + " |")
    return "\n".join(lines) + "\n"


def _may_be_null(hint: object) -> bool:
    if typing.get_origin(hint) is typing.Annotated:
        return _is_kind_of(hint, NullIfInfinite) or _may_be_null(typing.get_args(hint)[0])
    return types.NoneType in typing.get_args(hint)


def deal_file() -> str:
    """Return docs/reference/deal-file.md."""
    models = [model for model in models_in(Deal) if model is not RateCardRef]
    models.insert(1, RateCardRef)
    parts = [table(model) for model in models]
    proposals = [table(model) for model in models_in(Proposal)]
    return "\n".join([INTRO, "## Deals\n", *parts, PROPOSAL_INTRO, *proposals])


def kinds() -> dict[str, type]:
    """Return the model of each kind of file, by the name of its page."""
    pages = {"result": "solve", "settlement": "settle", "simulation": "simulate"}
    found = {pages.get(name, name): schema.model_of(name) for name in schema.MODELS if name not in schema.READ}
    return {**found, "plan": Plan}


def homes() -> dict[str, str]:
    """Return the page on which each model stands: that of the only kind which has it, else `parts`."""
    found: dict[str, str] = {}
    for page, kind in kinds().items():
        for model in models_in(kind):
            found[model.__name__] = "parts" if model.__name__ in found and page != "plan" else page
    return found


def result(page: str) -> str:
    """Return docs/reference/results/PAGE.md: what stands above the mark, and the tables of its models below it."""
    home = homes()
    models = {model.__name__: model for kind in kinds().values() for model in models_in(kind)}
    tables = [table(model, "##", written=False) for name, model in models.items() if home[name] == page]
    if page == "parts":
        lines = [f"| `{line.name}` | {line.title} |" for line in LINES.values()]
        tables.append("\n".join(["## Lines", "", "| line | what it is |", "|---|---|", *lines, ""]))

    def lead(link: re.Match[str]) -> str:
        name = models_by_anchor[link[1]]
        return link[0] if home[name] == page else f"]({home[name]}.md#{link[1]})"

    models_by_anchor = {name.lower(): name for name in models}
    written = re.sub(r"\]\(#(\w+)\)", lead, "\n".join(tables))
    path = HERE / "reference" / "results" / f"{page}.md"
    head = path.read_text(encoding="utf-8").partition(MARK)[0] if path.exists() else _head(page)
    return f"{head}{MARK}\n\n{written}"


def _head(page: str) -> str:
    """Return what stands above the mark on the page of a new question, before an example is added by hand."""
    question = importlib.import_module(f"deal_solve.analysis.{page}").__doc__ or ""
    return f"# {question.strip()}\n\n`deal-solve {page} DEAL --out FILE.json` writes this file.\n\n"


def names() -> str:
    """Return docs/reference/python.md: every public name, then what the functions among them return."""
    own = [getattr(deal_solve, name) for name in deal_solve.__all__]
    others = sorted((each for each in returned(own) if each not in own), key=lambda each: each.__name__)
    lines = [_name_row(name, thing) for name, thing in zip(deal_solve.__all__, own, strict=True)]
    more = [_name_row(each.__name__, each) for each in others]
    head = "| name | defined in | what it is |\n|---|---|---|"
    return "\n".join([NAMES_INTRO, head, *lines, "", RETURNED_INTRO, head, *more, LOGGING])


def _name_row(name: str, thing: Any) -> str:
    """Return a row of a name, with the first line of its docstring."""
    what = (thing.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return f"| `{name}` | `{thing.__module__}` | {what} |"


def returned(things: Iterable[Any]) -> list[type]:
    """Return the classes that functions return, and those of the fields of such classes."""
    found: list[type] = []
    todo = list(things)
    while todo:
        new = [each for note in _annotations(todo.pop(0)) for each in _classes_in(note) if each not in found]
        found += dict.fromkeys(new)
        todo += dict.fromkeys(new)
    return found


def _annotations(thing: Any) -> Iterator[Any]:
    """Yield what a function returns, or what the fields of a result are; what type checkers alone know is left out."""
    if isinstance(thing, types.FunctionType):
        notes, space = [thing.__annotations__["return"]], thing.__globals__
    elif dataclasses.is_dataclass(thing) and thing.__module__.split(".")[1] in RESULT_ROOMS:
        notes, space = [field.type for field in dataclasses.fields(thing)], vars(sys.modules[thing.__module__])
    else:
        return
    for note in notes:
        with contextlib.suppress(NameError):
            yield eval(note, dict(space)) if isinstance(note, str) else note


def _classes_in(note: Any) -> Iterator[type]:
    if isinstance(note, type) and note.__module__.startswith("deal_solve.") and not note.__name__.startswith("_"):
        yield note
    for part in typing.get_args(note):
        yield from _classes_in(part)


def decisions() -> str:
    """Return docs/developers/decisions/index.md: the records, by number."""
    lines = []
    for path in sorted((HERE / "developers" / "decisions").glob("0*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join([DECISIONS_INTRO, *lines, ""])


def command_line() -> str:
    """Return docs/reference/cli.md."""
    parts = [CLI_INTRO, _help("deal-solve", cli)]
    parts += [_help(f"deal-solve {name}", importlib.import_module(module_of(name)).command) for name in COMMANDS]
    return "\n".join(parts)


def _help(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, terminal_width=100, **command.context_settings)
    context.help_option_names = ["-h", "--help"]
    return f"## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"


def clauses_guide() -> str:
    """Return docs/guides/clauses.md as it stands, with the table of clauses written anew."""
    asked = [(each.name, each.step, "" if each.is_law else "may cost more ") for each in CLAUSES if each.better]
    asked.append((ONE_ORDER_FORM, ONE_ORDER_FORM_STEP, ""))
    rows = [f"| {name} | {step} | {law}|" for name, step, law in asked]
    head, _, rest = (HERE / "guides/clauses.md").read_text(encoding="utf-8").partition(CLAUSES_HEAD)
    return "".join([head, CLAUSES_HEAD, "\n".join(rows), "\n\n", rest.partition("\n\n")[2]])


def exports_page() -> str:
    """Return docs/reference/exports.md: what each export is recognised by, and what a plain table can be mapped to."""
    lines = [EXPORTS_INTRO]
    for title, readers in (("Records (JSON)", JSON_READERS), ("Tables (CSV, Parquet)", TABLE_READERS)):
        lines += [f"## {title}", "", "| export | it has | it may have besides |", "|---|---|---|"]
        lines += [f"| {reader.source.name} | {_listed(_needed(reader))} | {_besides(reader)} |" for reader in readers]
        lines.append("")
    lines += ["## Values that are accepted", "", VALUES_INTRO, "", "| export | field | values |", "|---|---|---|"]
    fields = ((export, *field) for export, each in ACCEPTED.items() for field in each.items())
    lines += [f"| {export} | `{name}` | {_listed(values)} |" for export, name, values in fields]
    lines += ["", "## Fields of a plain table", "", "| field | what the column holds |", "|---|---|"]
    lines += [f"| `{name}` | {what} |" for name, what in FIELDS.items()]
    return "\n".join([*lines, ""])


def _needed(reader: JsonReader | TableReader) -> Iterable[str]:
    return sorted(reader.keys) if isinstance(reader, JsonReader) else reader.needs


def _besides(reader: JsonReader | TableReader) -> str:
    return _listed(reader.knows) if isinstance(reader, TableReader) else "what the vendor documents"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


PAGES: dict[str, Callable[[], str]] = {
    "guides/clauses.md": clauses_guide,
    "reference/deal-file.md": deal_file,
    "reference/cli.md": command_line,
    "reference/exports.md": exports_page,
    "reference/python.md": names,
    "developers/decisions/index.md": decisions,
    **{f"reference/results/{page}.md": partial(result, page) for page in (*kinds(), "parts")},
}


def stale() -> list[str]:
    """Return the names of the pages that are not what the code says."""
    return [name for name, page in PAGES.items() if (HERE / name).read_text(encoding="utf-8") != page()]


def main(arguments: list[str]) -> None:
    """Write every page, or check that every page is fresh."""
    if "--check" in arguments:
        if pages := stale():
            raise SystemExit(f"stale: {', '.join(pages)}; run python docs/generate.py")
        return
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
