"""`deal-solve schema`: JSON Schemas for editors and programs."""

from __future__ import annotations

from importlib import import_module

import click

MODELS = {
    "deal": "deal.deal.Deal",
    "proposal": "plan.proposal.Proposal",
    "result": "analysis.solve.schema.Result",
    "settlement": "analysis.solve.schema.SettlementResult",
    "simulation": "analysis.simulate.result.SimulationResult",
    "curve": "analysis.curve.result.CurveResult",
    "frontier": "analysis.frontier.result.FrontierResult",
    "sweep": "analysis.sweep.result.SweepResult",
    "review": "analysis.review.result.ReviewResult",
    "clauses": "analysis.clauses.result.ClausesResult",
    "breakeven": "analysis.breakeven.result.BreakevenResult",
    "sensitivity": "analysis.sensitivity.result.SensitivityResult",
    "infeasible": "analysis.solve.schema.InfeasibleResult",
}
"""The model behind each kind of file, imported when it is asked for."""
READ = ("deal", "proposal")


@click.command(epilog="Example:  deal-solve schema > deal.schema.json", short_help="Print the JSON Schema of a file.")
@click.argument("what", type=click.Choice(tuple(MODELS)), default="deal")
def command(what: str) -> int:
    """Print the JSON Schema of a deal file, of a proposal, or of what a command writes: `result` is that of solve.

    An editor that knows the schema completes keys and marks mistakes in YAML as well.
    """
    import json

    click.echo(json.dumps(schema_of(what), indent=2, ensure_ascii=False))
    return 0


def schema_of(what: str) -> dict[str, object]:
    """Return the JSON Schema of a kind of file."""
    module, _, name = MODELS[what].rpartition(".")
    model = getattr(import_module(f"deal_solve.{module}"), name)
    schema = model.model_json_schema(by_alias=True, mode="validation" if what in READ else "serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
