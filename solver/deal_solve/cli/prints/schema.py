"""`deal-solve schema`: JSON Schemas for editors and programs."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import click

from deal_solve.cli.main import COMMANDS


def _questions() -> dict[str, str]:
    """Return the model of every question whose command writes a file of its own: `curve.result.CurveResult`."""
    folder = Path(__file__).parents[2] / "analysis"
    requested = [
        name for name in COMMANDS if (folder / name / "result.py").exists() and name not in ("solve", "simulate")
    ]
    return {name: f"analysis.{name}.result.{name.capitalize()}Result" for name in requested}


MODELS = {
    "deal": "deal.deal.Deal",
    "proposal": "plan.proposal.Proposal",
    "result": "analysis.solve.schema.Result",
    "settlement": "analysis.solve.schema.SettlementResult",
    "simulation": "analysis.simulate.result.SimulationResult",
    **_questions(),
    "infeasible": "analysis.solve.schema.InfeasibleResult",
}
"""The model behind each kind of file, imported when it is asked for."""
READ = ("deal", "proposal")


@click.command(epilog="Example:  deal-solve schema > deal.schema.json")
@click.argument("what", type=click.Choice(tuple(MODELS)), default="deal")
def command(what: str) -> int:
    """Print the JSON Schema of a deal file, of a proposal, or of what a command writes: `result` is that of solve.

    An editor that knows the schema completes keys and marks mistakes in YAML as well; `init` writes that of a deal.
    """
    from deal_solve.cli.support.printing import print_json

    print_json(schema_text(what))
    return 0


def schema_text(what: str) -> str:
    """Return the JSON Schema of a kind of file as text."""
    import json

    return json.dumps(schema_of(what), indent=2, ensure_ascii=False) + "\n"


def model_of(what: str) -> type[Any]:
    """Return the model of a kind of file."""
    module, _, name = MODELS[what].rpartition(".")
    model: type[Any] = getattr(import_module(f"deal_solve.{module}"), name)
    return model


def schema_of(what: str) -> dict[str, object]:
    """Return the JSON Schema of a kind of file."""
    from deal_solve.deal.published_schema import deal_schema
    from deal_solve.record import adapter_of

    model: Any = model_of(what)
    mode: Literal["validation", "serialization"] = "validation" if what in READ else "serialization"
    schema = deal_schema() if what == "deal" else adapter_of(model).json_schema(by_alias=True, mode=mode)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
