"""The formulation page held to the code, a few rows to their coefficients, and the one way through the house."""

import ast
import dataclasses
import importlib
import json
import re
import typing
from collections import Counter
from functools import cache

import pytest
from pydantic import BaseModel

from deal_solve.analysis.solve.result import Result
from deal_solve.deal.deal import Deal
from deal_solve.deal.load import loads
from deal_solve.deal.risk import Limit
from deal_solve.formulation.build import formulate
from deal_solve.formulation.clauses import risk
from deal_solve.formulation.clauses.api.rates import api_agreements
from deal_solve.formulation.fixings import fix_decisions, fixings_of
from deal_solve.formulation.model.matrix import Matrix
from deal_solve.optimise.feasible import minimum
from deal_solve.optimise.solve import solve
from deal_solve.optimise.sums import sums_of
from deal_solve.plan.proposal import Proposal
from deal_solve.settlement.lines import LINES
from deal_solve.uncertainty.expansion import scenarios_of
from deal_solve.uncertainty.measures import Against
from deal_solve.uncertainty.scenario_set import ScenarioSet
from tests.support.hand_deals import explicit
from tests.support.paths import ROOT

PACKAGE = ROOT / "solver" / "deal_solve"
PAGE = (ROOT / "docs" / "reference" / "formulation.md").read_text(encoding="utf-8")

# --- what the page says -----------------------------------------------------------------------------------------


def tables(*columns):
    """Yield the rows of every table of the page that has all these columns, as maps from heading to text."""
    heading = None
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            heading = None
        elif heading is None:
            heading = cells
        elif not set(line) <= set("|-") and set(columns) <= set(heading):
            assert len(cells) == len(heading), line
            yield dict(zip(heading, cells, strict=True))


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


DOCUMENTED = {label: row for row in tables("Row") for label in quoted(row["Row"])}

# --- what the code says -----------------------------------------------------------------------------------------


def label_of(node):
    """Return a row's label: a string, or the beginning of one with * for what is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
    return None


class Rows(ast.NodeVisitor):
    """Every label of an `.add(label, row)` or `.define(…)` and the functions it is in; a name stands for its string."""

    def __init__(self, module):
        self.module, self.scope = module, []
        self.found = {}
        self.loose = []

    def visit_ClassDef(self, node):
        self._inside(node)

    def visit_FunctionDef(self, node):
        self._inside(node)

    def _inside(self, node):
        self.scope.append(node.name)
        self.generic_visit(node)
        self.scope.pop()

    def visit_Assign(self, node):
        label = label_of(node.value)
        if label and "*" in label and [getattr(target, "id", None) for target in node.targets] == ["label"]:
            self._note(label)
        self.generic_visit(node)

    def visit_Call(self, node):
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("add", "define") and len(node.args) > 1:
            label = label_of(node.args[0])
            if label:
                self._note(label)
            else:
                self.loose.append(ast.unparse(node.args[0]))
        self.generic_visit(node)

    def _note(self, label):
        self.found.setdefault(label, set()).add(".".join([self.module, *self.scope]))


@cache
def scanned(*folders):
    """Return {label: functions} of every row made in these folders."""
    found, loose = {}, []
    for folder in folders:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            dotted = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
            module = path.stem if folder == "formulation" else dotted
            rows = Rows(module)
            rows.visit(ast.parse(path.read_text(encoding="utf-8")))
            loose += rows.loose
            for label, where in rows.found.items():
                found.setdefault(label, set()).update(where)
    assert set(loose) <= {"label"}, "a row label is neither a string nor the variable `label`"
    return found


MADE = scanned("formulation", "optimise")


def test_every_row_of_the_code_is_on_the_page_and_the_other_way_round():
    assert set(MADE) == set(DOCUMENTED)


def test_a_row_is_on_the_page_once():
    counted = Counter(label for row in tables("Row") for label in quoted(row["Row"]))
    assert {label for label, count in counted.items() if count > 1} <= {"limit_*"}


def test_the_page_names_the_function_that_makes_the_row():
    for label in set(DOCUMENTED) - {"limit_*"}:
        assert set(quoted(DOCUMENTED[label]["Function"])) == MADE[label], label


SOURCES = {path.stem: path.parent for path in (PACKAGE / "formulation").rglob("*.py")}


def resolved(name):
    """Return what a dotted name of the page means; modules of the formulation need no package."""
    parts = name.split(".")
    prefix = "deal_solve"
    if not (PACKAGE / parts[0]).is_dir():
        folder = SOURCES[parts[0]].relative_to(PACKAGE)
        prefix = ".".join(["deal_solve", *folder.parts])
    found = None
    for depth in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join([prefix, *parts[:depth]]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[depth:]:
            found = getattr(found, attribute)
        return found
    raise AssertionError(f"{name} is no module")


def test_every_function_of_the_page_exists():
    for name in {name for row in tables("Function") for name in quoted(row["Function"])}:
        assert callable(resolved(name)), name


ROOMS = [*SOURCES, "optimise", "deal.requests.routing_options", "plan.terms", "deal.requests.request_cost"]
DOTTED = re.compile(rf"^({'|'.join(ROOMS)})\.\w[\w.]*$")


def test_every_name_in_the_text_exists():
    for name in {name for name in quoted(PAGE) if DOTTED.match(name)} - {"deal.requests.routing_options"}:
        if not re.match(r"risk\.(weight|confidence|criterion)", name):
            resolved(name)


def fields_of(model):
    """Return {name: type} of the fields of a pydantic model or dataclass, aliases too."""
    if issubclass(model, BaseModel):
        fields = {name: field.annotation for name, field in model.model_fields.items()}
        return fields | {field.alias: field.annotation for field in model.model_fields.values() if field.alias}
    return typing.get_type_hints(model)


def models_in(annotation):
    """Return the models and records that a field's type holds, through unions, lists and maps."""
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or dataclasses.is_dataclass(annotation)):
        return [annotation]
    return [model for inner in typing.get_args(annotation) for model in models_in(inner)]


def follows(path, model):
    """Whether a dotted path leads through the fields of a model; <name> and [] are keys and items of maps and lists."""
    models, free = [model], False
    for part in path.replace("[]", "").split("."):
        if part.startswith("<"):
            continue
        types = [fields_of(each)[part] for each in models if part in fields_of(each)]
        if not types:
            return free and part in (*LINES,)
        free = any("dict" in str(kind).lower() or "Mapping" in str(kind) for kind in types)
        models = [found for kind in types for found in models_in(kind)]
    return True


@pytest.mark.parametrize(
    "path",
    sorted(
        {
            path
            for heading in ("Read it in", "In the result")
            for row in tables(heading)
            for path in quoted(row[heading])
        }
    ),
)
def test_every_result_path_of_the_page_exists(path):
    assert follows(path, Result)


@pytest.mark.parametrize(
    "path",
    sorted(
        {
            name
            for row in tables("Deal file or scenario array")
            for name in quoted(row["Deal file or scenario array"])
            if not DOTTED.match(name) or name.startswith("risk.")
        }
    ),
)
def test_every_deal_field_of_the_page_exists(path):
    head, _, name = path.partition(".")
    if head == "ScenarioSet":
        assert name in {field.name for field in dataclasses.fields(ScenarioSet)}
    else:
        assert follows(path, Deal)


def test_every_clause_has_a_section_of_its_own():
    clauses = {path.stem for path in (PACKAGE / "formulation" / "clauses").rglob("[a-z]*.py")}
    assert Counter(re.findall(r"^### `(\w+)`: ", PAGE, flags=re.MULTILINE)) == Counter(clauses)


def test_every_number_of_the_page_is_the_codes():
    for row in tables("Number", "Value"):
        (name,) = quoted(row["Number"])
        assert resolved(name) == float(row["Value"]), name


def test_every_line_of_the_invoice_is_on_the_page():
    assert [name for row in tables("Line") for name in quoted(row["Line"])] == list(LINES)


# --- programs that have every row -------------------------------------------------------------------------------

DOLLAR = {"input_usd_per_mtok": 1_000_000, "output_usd_per_mtok": 0}
RATES = {
    "card": "claude@2026-11-23",
    "models": {"claude-opus-5-5": DOLLAR, "claude-sonnet-5-5": DOLLAR},
    "seats": {
        "seat": {"usd_per_user_month": 20, "covered_share": 0.5},
        "pro": {"usd_per_user_month": 40, "covered_share": 1},
    },
    "api_provides": [],
}
APP = {"requests_per_month": 100, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
USE = {"requests_per_user_month": 1, "input_tokens": 1, "output_tokens": 0, "models": ["opus"]}
BANDS = [{"commit_usd_per_year": 240, "discount": 0.2}]


def read(horizon=12, **sections):
    return loads(json.dumps({"start": "2027-01", "horizon_months": horizon, "rates": RATES, **sections}))


def built(deal, fix=None):
    """Return the whole program of a deal, all API agreements in it."""
    scenarios = scenarios_of(deal)
    none = [0.0] * scenarios.size
    formulation = formulate(deal, sums_of(deal, scenarios), api_agreements(deal), Against(baseline=none, best=none))
    if fix:
        fix_decisions(formulation, fixings_of(deal, Proposal.model_validate(fix)))
    return formulation


def paths(**scenarios):
    """Return equally likely scenarios: requests of `app` and users of `staff`."""
    return {
        name: {"weight": 1, "requests_per_month": {"app": requests}, "active_users": {"staff": users}}
        for name, (requests, users) in scenarios.items()
    }


TWO = paths(low=([80, 90], [10, 20]), high=([120, 200], [30, 15]))


def seats_in_force():
    """Return a deal that is signed when seats with a true-forward end; 30 users more than contracted were counted."""
    current = {
        "on_the_table": False,
        "terms": [12],
        "seats": {"pro": {"usd_per_user_month": 18, "true_up": "true-forward"}},
    }
    deal = read(
        24,
        cohorts={"staff": {"headcount": 130, "tracks": ["pro", "none"], "unserved_usd_per_user_month": 50}},
        offers={"current": current, "next": {"terms": [12], "seats": {"pro": {"usd_per_user_month": 16}}}},
        in_force={"offer": "current", "ends": "2027-07", "seats": {"pro": {"contracted": 100}}},
    )
    return deal.signed_in(6)


def everything():
    """Return deals (and fixings) that between them have every row of the formulation."""
    work = {
        **APP,
        "models": ["opus", "sonnet"],
        "today": {"model": "opus"},
        "batchable": 0.5,
        "quality": {"mean_floor": 0.9, "scores": {"opus": 0.97, "sonnet": 0.9}},
        "shares": {"opus": {"minimum": 0.1, "maximum": 0.9}},
        "projects": {"rerouting": {"usd": 10, "ready_month": 2}},
    }
    staff = {
        "headcount": 0,
        "tracks": ["seat", "pro", "tool", "none"],
        "unserved_usd_per_user_month": 30,
        "requires": ["sso"],
        "use": USE,
    }
    tiers = {"kind": "all_units", "steps": [{"seats": 15, "discount": 0.1}]}
    carried = {"check": 1, "count": "peak", "retroactive": False, "price": "contracted", "ratchet": "term"}
    seat = {"minimum": 5, "tiers": tiers, "true_up": carried, "counts_toward_commitment": True, "provides": ["sso"]}
    pro = {"true_up": "hard_cap", "provides": ["sso"], "initial_order": "expected_users", "maximum": 2}
    one = {
        "terms": [12, 24],
        "provides": ["sso"],
        "api": {"bands": BANDS, "unused": {"rollover": 1}, "ramp": "free", "overage": {"premium": 0.5}},
        "seats": {"seat": seat, "pro": pro},
        "bundle": [{"combined_usd_per_year": 2000, "seats": 0.05, "api": 0.02}],
    }
    other = {
        "terms": [24],
        "exclusive": True,
        "api": {"bands": BANDS, "payment": "arrears", "step_usd": 100, "unused": {"rollover": 1}},
    }
    yield (
        read(
            24,
            workloads={"app": work},
            cohorts={"staff": staff, "later": {**staff, "starts": "2027-07", "headcount": 5}},
            internal_tools={"tool": {"build_usd": 100, "run_usd_per_month": 10}},
            offers={"one": one, "other": other},
            scenarios=TWO,
            risk={"weight": 0.5, "on": "cost"},
            limits=[{"measure": "expected", "of": "contract year 1", "at_most": 1_000_000}],
        ),
        {
            "api": {"commitment_usd": 300},
            "seats": {"seat": {"contracted": 20}},
            "projects": {"app": []},
            "routing": {"app": "opus"},
        },
    )
    yield (
        read(
            cohorts={
                "few": {"headcount": 1, "tracks": ["team-standard", "team-premium"]},
                "many": {"headcount": 200, "tracks": ["team-standard", "none"], "unserved_usd_per_user_month": 1},
            },
        ),
        None,
    )
    yield (
        read(
            24,
            cohorts={
                name: {"headcount": 90, "tracks": ["team-standard"], "unserved_usd_per_user_month": usd}
                for name, usd in {"first": 1, "second": 2}.items()
            },
            offers={"one": {"terms": [12], "seats": {"team-standard": {"true_up": "true-forward"}}}},
        ),
        None,
    )
    yield (
        read(
            36,
            workloads={"app": APP},
            offers={"one": {"terms": [12], "api": {"bands": BANDS}}},
            scenarios=explicit({"low": (10, 10, 10), "falls": (300, 10, 10), "high": (300, 300, 300)}),
            renewal_decisions={"usage": [1_200]},
        ),
        None,
    )
    yield (
        read(
            36,
            workloads={"app": APP},
            offers={"one": {"terms": [12], "api": {"bands": BANDS}, "seats": {"seat": {}}}},
            cohorts={"staff": {"headcount": 3, "tracks": ["seat"], "covered_share": {"seat": 1}}},
            scenarios={"a": {"weight": 1}},
        ),
        {"seats": {"seat": {"offer": "one", "at_list": [False, False, "list"]}}},
    )
    yield read(24, workloads={"app": APP}).signed_in(3), None
    yield seats_in_force(), None
    counted = {"bands": BANDS, "payment": "arrears", "excess": "counts_next"}
    yield (
        read(
            24,
            workloads={"app": APP},
            offers={"one": {"terms": [24], "api": counted}},
            limits=[{"measure": "worst", "of": "contract year 2", "at_most": 10_000}],
        ),
        None,
    )
    credited = {"bands": BANDS, "payment": "arrears", "credit": {"usd": 10, "pays": "balance"}}
    yield (
        read(cost_of_capital_per_year=0.1, workloads={"app": APP}, offers={"one": {"terms": [12], "api": credited}}),
        None,
    )
    at_list = {"measured_at": "list", "shortfall_at": "contracted", "overage": "contracted", "payment": "arrears"}
    yield (read(workloads={"app": APP}, offers={"one": {"terms": [12], "api": {"bands": BANDS, **at_list}}}), None)
    charged = {"bands": BANDS, "credit": {"usd": 10, "pays": "charges", "within_months": 24}}
    yield (
        read(
            24,
            workloads={"app": APP},
            offers={"one": {"terms": [24], "api": charged}},
            limits=[{"measure": "worst", "of": "contract year 2", "at_most": 10_000}],
        ),
        None,
    )
    whole = {"bands": BANDS, "payment": "arrears", "period": "term", "yearly_minimum": 0.9}
    yield (
        read(
            24,
            workloads={"app": APP},
            offers={"one": {"terms": [24], "api": whole}},
            limits=[{"measure": "worst", "of": "contract year 2", "at_most": 10_000}],
        ),
        None,
    )
    again = {"terms": [12, 24], "renewal": {"may_return": True}, "api": {"bands": BANDS}, "seats": {"seat": {}}}
    staff = {"headcount": 3, "tracks": ["seat"], "covered_share": {"seat": 1}}
    yield read(36, workloads={"app": APP}, cohorts={"staff": staff}, offers={"one": again}), None
    yield (
        read(
            cohorts={"staff": {"headcount": 3, "tracks": ["seat"], "use": USE}},
            offers={"one": {"terms": [12], "seats": {"seat": {"allowance": {"usd_per_user_month": 0.5}}}}},
        ),
        None,
    )
    cloud = {"usd_per_year": [3_000], "other_spend_usd_per_year": 500}
    yield (
        read(
            workloads={"app": APP},
            offers={"one": quoting(channel={"through": "aws"})},
            cloud_commitments={"aws": cloud},
        ),
        None,
    )
    later = read(
        24,
        workloads={"app": APP},
        scenarios=explicit({"low": (10, 10), "high": (300, 300)}),
        offers={"one": quoting(channel={"through": "aws"})},
        cloud_commitments={"aws": {"usd_per_year": [3_000, 3_000], "other_spend_usd_per_year": 500}},
        limits=[{"measure": "worst", "of": "contract year 2", "at_most": 10_000}],
    )
    yield later.signed_in(6), None
    yield (
        read(
            workloads={"app": APP},
            scenarios=paths(only=(100, 0)) | {},
            cohorts={"staff": none_of()},
            risk={"criterion": "worst"},
        ),
        None,
    )


def none_of():
    return {"headcount": 0, "tracks": ["none"], "unserved_usd_per_user_month": 1}


def test_programs_have_the_rows_of_the_page_and_no_others(monkeypatch):
    """Built programs between them have every row the formulation can make, and none that is not on the page."""
    seen = set()
    plain = Matrix.add

    def add(program, label, *args, **more):
        seen.add(re.sub(r"^(needs|limit)_.*", r"\1_*", label))
        return plain(program, label, *args, **more)

    monkeypatch.setattr(Matrix, "add", add)
    for deal, fix in everything():
        built(deal, fix)
    certain = read(workloads={"app": APP})
    minimum(certain, scenarios_of(certain), Limit(measure="worst", at_most=1))
    monkeypatch.setattr(risk, "BLOCK", 0)
    offers = {"one": {"terms": [12], "api": {"bands": BANDS}}}
    solve(read(workloads={"app": APP}, offers=offers, risk={"weight": 0.5}))  # cuts are made where a plan is valued
    seen = {label for label in seen if label in set(scanned("formulation"))} | (seen - set(scanned("optimise")))
    assert seen == set(scanned("formulation"))


# --- rows, coefficient by coefficient ---------------------------------------------------------------------------


def row(formulation, name):
    """Return (coefficients by variable, sense, right-hand side) in dollars: money columns and rows times the unit."""
    found = formulation.program.written.problem.get_constraint_by_name(name)
    sense = {-1: "<=", 0: "==", 1: ">="}[found.sense]
    return {variable.name: coefficient for variable, coefficient in found.items()}, sense, -found.constant


def quoting(api=None, **rest):
    return {"terms": [12], "api": {"bands": BANDS, **(api or {})}, **rest}


def test_uncovered():
    """V - R - C <= U: usage of 12 months at 0.8 of list on one side, the year's commitment on the other."""
    formulation = built(read(workloads={"app": APP}, offers={"quote": quoting()}))
    (usage,) = next(used for regime, used in formulation.paths[0].routing.usage.items() if regime.commits)
    terms, sense, rhs = row(formulation, "uncovered_1")
    assert terms.pop(usage.variable.name) == pytest.approx(12 * 0.8)
    assert (terms, sense, rhs) == ({"commitment_1": -1.0, "uncovered_usage_1": -1.0}, "<=", 0)


def test_uncovered_with_a_balance_carried_in():
    """The second year has R as well, a coefficient of -1; each year its own half of the term's usage at 0.8 of list."""
    offer = quoting({"unused": {"rollover": 1}}, terms=[24])
    formulation = built(read(24, workloads={"app": APP}, offers={"quote": offer}))
    terms, sense, rhs = row(formulation, "uncovered_2")
    (usage,) = [terms.pop(name) for name in list(terms) if name.startswith("usage_")]
    assert usage == pytest.approx(12 * 0.8)
    assert (terms, sense, rhs) == ({"commitment_1": -1.0, "uncovered_usage_2": -1.0, "carried_1": -1.0}, "<=", 0)


def test_rollover_is_share_of_the_shortfall_and_capped():
    """R' <= 0.5 · (C - V + U + F) with no F in the first period, R' <= 0.25 · C."""
    offer = quoting({"unused": {"rollover": 0.5, "cap": 0.25}}, terms=[24])
    formulation = built(read(24, workloads={"app": APP}, offers={"quote": offer}))
    terms, sense, rhs = row(formulation, "rollover_share_1")
    (usage,) = [terms.pop(name) for name in list(terms) if name.startswith("usage_")]
    assert usage == pytest.approx(0.5 * 12 * 0.8)
    assert (terms, sense, rhs) == ({"carried_1": 1.0, "commitment_1": -0.5, "uncovered_usage_1": -0.5}, "<=", 0)
    assert row(formulation, "rollover_cap_1") == ({"carried_1": 1.0, "commitment_1": -0.25}, "<=", 0)


@pytest.mark.parametrize(
    ("terms", "api", "expected"),
    [
        ([12], {}, {"commitment_1": 1.0}),
        ([24], {}, {"commitment_1": 2.0}),
        ([24], {"ramp": [0.5, 1.5]}, {"commitment_1": 2.0}),
        ([24], {"ramp": "free"}, {"commitment_1": 1.0, "commitment_2": 1.0}),
    ],
)
def test_band_threshold(terms, api, expected):
    """Σ C over the term >= years · 240 · β: in a band of 240 the mean commitment is at least 240."""
    formulation = built(read(24, workloads={"app": APP}, offers={"quote": quoting(api, terms=terms)}))
    unit = formulation.program.unit_usd
    found, sense, rhs = row(formulation, "band_threshold_1")
    assert found.pop("regime_quote_1") * unit == pytest.approx(-240 * terms[0] / 12)
    assert (found, sense, rhs) == (expected, ">=", 0)


def test_a_cloud_commitment_is_retired_by_the_share_of_payments_that_counts():
    """short + 0.5 · (commitment + overage at list, 1.25 of the contracted rate) >= 3,000 - 500, and short >= 400: with
    a cap of 70 % at most 2,100 of it are retired.
    """
    cloud = {"usd_per_year": [3_000], "other_spend_usd_per_year": 500, "cap_share": 0.7}
    offer = quoting(channel={"through": "aws", "counts": 0.5})
    formulation = built(read(workloads={"app": APP}, offers={"quote": offer}, cloud_commitments={"aws": cloud}))
    unit = formulation.program.unit_usd
    terms, sense, rhs = row(formulation, "cloud_commitment_1")
    assert terms == pytest.approx({"cloud_short_1": 1.0, "commitment_1": 0.5, "uncovered_usage_1": 0.5 * 1.25})
    assert (sense, rhs * unit) == (">=", pytest.approx(2_500))
    (short,) = [variable for variable in formulation.program.variables if variable.name == "cloud_short_1"]
    assert (short.lowBound * unit, short.upBound * unit) == pytest.approx((400, 2_500))


def test_commitment_in_steps():
    """With steps of 100 the column counts steps: 100 dollars each towards the threshold."""
    formulation = built(read(workloads={"app": APP}, offers={"quote": quoting({"step_usd": 100})}))
    found, _, _ = row(formulation, "band_threshold_1")
    assert found["commitment_steps_1"] * formulation.program.unit_usd == pytest.approx(100)


def seats(part, **offer):
    """Return the program of staff on seats of a quote, one scenario of 30 users."""
    cohort = {"headcount": 30, "tracks": ["seat"], "use": USE}
    return built(
        read(
            workloads={"app": APP},
            cohorts={"staff": cohort},
            offers={"quote": quoting(**{"seats": {"seat": part}, **offer})},
        )
    )


def seat_of(formulation, offer="quote"):
    """Return (N, T) of the only seat agreement under an offer: the names of the count and of the track."""
    (counts,) = [
        year.count for (candidate, *_), year in formulation.paths[0].seats.years.items() if candidate.offer == offer
    ]
    (track,) = [on for (_, candidate, _), on in formulation.paths[0].tracks.seats.items() if candidate.offer == offer]
    return [variable.name for variable, _ in counts], track.name


def test_seat_minimum():
    """N >= 12 · T."""
    formulation = seats({"minimum": 12})
    counts, track = seat_of(formulation)
    assert row(formulation, "seat_minimum_1") == ({counts[0]: 1.0, track: -12.0}, ">=", 0)


def test_cells_are_half_open():
    """Tiers from 20 and 40 seats on: 0 to 19, 20 to 39, 40 (no count is above 40)."""
    steps = [{"seats": 20, "discount": 0.1}, {"seats": 40, "discount": 0.2}]
    formulation = seats({"tiers": {"kind": "all_units", "steps": steps}})
    counts, _ = seat_of(formulation)
    highest = [row(formulation, f"segment_high_{index}") for index in range(1, 5)]
    assert [[-c for name, c in terms.items() if name.startswith("seat_segment")] for terms, _, _ in highest[1:]] == [
        [19],
        [39],
        [40],
    ]
    assert [next(name for name in terms if name in counts) for terms, _, _ in highest[1:]] == counts
    for index, low in ((1, 20), (2, 40)):
        terms, sense, rhs = row(formulation, f"segment_low_{index}")
        assert (sorted(terms.values()), sense, rhs) == ([-low, 1], ">=", 0)


def test_metered_counts():
    """Usage that counts toward the quote is billed at list only if the quote is not the API agreement: n + β <= 1."""
    formulation = seats({"counts_toward_commitment": True, "covered_share": 0})
    (quote,) = [beta for regime, beta in formulation.agreements.regimes.items() if regime.agreement.offer == "quote"]
    terms, sense, rhs = row(formulation, "metered_counts_1")
    metered = next(name for name in terms if name.startswith("metered_staff_0"))
    assert (terms, sense, rhs) == ({metered: 1.0, quote.name: 1.0}, "<=", 1)
    copies, sense, rhs = row(formulation, "metered_disaggregated_2")
    assert copies.pop(seat_of(formulation)[1]) == -1.0
    assert metered in copies
    assert (set(copies.values()), sense, rhs) == ({1.0}, "==", 0)


def test_bundle_threshold():
    """12 · 20 · N + C >= 2 000 · β: at the price before discounts, whatever the bundle gives."""
    formulation = seats(
        {},
        terms={"12": {"seats": 0.5, "api": 0.1}},
        bundle=[{"combined_usd_per_year": 2000, "seats": 0.25, "api": 0.02}],
    )
    unit = formulation.program.unit_usd
    (beta,) = [b.name for regime, b in formulation.agreements.regimes.items() if regime.tier == 1]
    (bought,) = [
        number.name
        for (candidate, *_), year in formulation.paths[0].seats.years.items()
        for segment, _, number in year.segments
        if candidate.offer == "quote" and segment.tier == 1
    ]
    terms, sense, rhs = row(formulation, "bundle_threshold_1")
    assert terms.pop(bought) * unit == pytest.approx(12 * 20)
    assert terms.pop(beta) * unit == pytest.approx(-2000)
    assert (list(terms.values()), sense, rhs) == ([1.0], ">=", 0)
    assert next(iter(terms)).startswith("commitment")


def test_seats_counted():
    """Licensed seats are at least the 30 users of the cohort if it is on the offer: L >= 30 · T."""
    formulation = seats({})
    terms, sense, rhs = row(formulation, "seats_counted_1")
    assert (sorted(terms.values()), sense, rhs) == ([-30.0, 1.0], ">=", 0)


def test_copies_and_regimes():
    """Σ of a workload's shares = β, Σ β = γ, Σ γ = 1."""
    formulation = built(read(workloads={"app": APP}, offers={"quote": quoting()}))
    for name in ("shares_add_up_1", "one_regime_1"):
        terms, sense, rhs = row(formulation, name)
        assert (sorted(terms.values()), sense, rhs) == ([-1.0, 1.0], "==", 0)
    terms, sense, rhs = row(formulation, "one_api_agreement_1")
    assert (sorted(terms.values()), sense, rhs) == ([1.0, 1.0], "==", 1)


@pytest.mark.parametrize(
    ("horizon", "share", "last", "periods"),
    [(24, 1, 1, 0), (24, 1, 1.1, 1), (24, 0.5, 1.9, 0), (24, 0.5, 2.1, 1), (36, 0.5, 2.1, 1), (36, 0.5, 4.1, 2)],
)
def test_binaries_for_rollover_only_where_saving_pays(horizon, share, last, periods):
    """Overage costs 1.25 of the contracted rate, and `last` times that in the last year. A dollar saved in the year
    before is worth share · last, one saved two years before share · share · last: a binary where that is above 1.
    """
    index = {"opus": [1.0] * (horizon - 12) + [last] * 12}
    offer = quoting({"unused": {"rollover": share}}, terms=[min(horizon, 36)], price_protection="locked")
    listed = {"only": {"weight": 1, "list_price_index": index}}
    formulation = built(read(horizon, workloads={"app": APP}, offers={"quote": offer}, scenarios=listed))
    names = [each.name for each in formulation.program.written.problem.constraints()]
    assert sum(name.startswith("used_up_if_overage") for name in names) == periods


@pytest.mark.parametrize(
    ("limit", "periods"),
    [
        ({"measure": "expected", "of": "contract year 2", "at_most": 1e6}, 1),
        ({"measure": "expected", "at_most": 1e6}, 1),
        ({"measure": "expected", "at_most": 1e6, "discounted": True}, 0),
        ({"measure": "expected", "of": "committed", "at_most": 1e6}, 0),
    ],
)
def test_limits_can_make_saving_pay(limit, periods):
    """At 20 % a year a dollar kept is worth 1.1 / 1.2 < 1 of one spent; undiscounted it is worth 1.1, and a limit on a
    contract year looks at one year alone.
    """
    offer = quoting({"unused": {"rollover": 1}}, terms=[24], price_protection="locked")
    listed = {"only": {"weight": 1, "list_price_index": {"opus": [1.0] * 12 + [1.1] * 12}}}
    deal = read(
        24,
        workloads={"app": APP},
        offers={"quote": offer},
        scenarios=listed,
        limits=[limit],
        cost_of_capital_per_year=0.2,
    )
    names = [each.name for each in built(deal).program.written.problem.constraints()]
    assert sum(name.startswith("used_up_if_overage") for name in names) == periods


def test_bounds_on_a_free_ramp_cut_off_no_best_plan():
    """90 % off from 120 a year, list value 12 000 and then 6 000, non-decreasing: C = 1 200 in both years pays 2 400;
    less in the first year would be overage at ten times the price, although the second year uses 600 only.
    """
    offer = {"terms": [24], "api": {"bands": [{"commit_usd_per_year": 120, "discount": 0.9}], "ramp": "free"}}
    listed = {"only": {"weight": 1, "requests_per_month": {"app": [1000, 500]}}}
    solution = solve(read(24, workloads={"app": APP}, offers={"quote": offer}, scenarios=listed))
    assert solution.objective_usd == pytest.approx(2400)
