"""The published schemas, held against files by an independent validator."""

import json
from functools import cache
from importlib.resources import files

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from deal_solve import load, to_json
from deal_solve.cli.main import run
from deal_solve.cli.prints.schema import MODELS, schema_of
from deal_solve.deal.load import loads
from deal_solve.deal.yaml_source import parse
from tests.support.generators import random_deal
from tests.support.paths import EXAMPLES, ROOT
from tests.support.solved import many_clauses

STARTER = files("deal_solve.cli").joinpath("starter.yaml").read_text(encoding="utf-8")
DEALS = [
    *EXAMPLES,
    *sorted((ROOT / "tests" / "laws").glob("*.yaml")),
    *sorted((ROOT / "tests").glob("benchmarks/*.yaml")),
]


@cache
def validator(what):
    return Draft202012Validator(schema_of(what))


def findings(what, data):
    """Return where an independent validator finds that data do not follow a published schema."""
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator(what).iter_errors(data)]


def data_of(text):
    return parse(text, "file").data


@pytest.mark.parametrize("what", MODELS)
def test_schemas_are_json_schemas(capsys, what):
    assert run(["schema", what]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False


def test_the_starter_is_accepted():
    assert findings("deal", data_of(STARTER)) == []


@pytest.mark.parametrize("path", DEALS, ids=lambda path: path.stem)
def test_every_deal_that_loads_is_accepted(path):
    assert load(path)
    assert findings("deal", data_of(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("seed", range(20))
def test_generated_deals_are_accepted(seed):
    assert findings("deal", json.loads(json.dumps(random_deal(np.random.default_rng(seed))))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    extends: quote", "    extends: quote\n    bundle: null\n    seats: {enterprise: null}"),
        ("terms: {24: {api: 2%, seats: 3%}}", "terms: {12: , 24: {api: 2%}}"),
        ("overage: list ", "overage: {premium: 10%} "),
        ("true_up: annual-true-up", "true_up: {check: 12, retroactive: no}"),
        ("risk: balanced", "risk: {weight: 30%}"),
        ("rates: claude@2026-11-23", "rates: {card: claude@2026-11-23, tokenizers: {old: 1}}"),
    ],
)
def test_other_ways_of_writing_are_accepted(old, new):
    text = STARTER.replace(old, new, 1)
    assert text != STARTER
    assert loads(text)
    assert findings("deal", data_of(text)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("horizon_months: 24", "horizon_month: 24", "'horizon_month' was unexpected"),
        ("start: 2027-01 ", "#", "'start' is a required property"),
        ("horizon_months: 24", "horizon_months: 25", "25 is not one of"),
        ("    extends: quote ", "    extends: quote\n    overage: list #", "'overage' was unexpected"),
        ("    terms: [12, 24]", "    terms: [12, 25]", "is not valid under any of the given schemas"),
        ("requests_per_month: 800k ± 40%", "requests_per_month: many", "is not valid under any of the given schemas"),
    ],
)
def test_mistakes_are_marked(old, new, message):
    assert old in STARTER
    (found,) = findings("deal", data_of(STARTER.replace(old, new, 1)))
    assert message in found


def test_what_is_written_follows_its_schema():
    """A plan is a proposal too."""
    solution = many_clauses()
    result = json.loads(to_json(solution))
    assert findings("result", result) == []
    assert findings("proposal", result["plan"]) == []
    assert findings("settlement", json.loads(to_json(solution.settlement))) == []
