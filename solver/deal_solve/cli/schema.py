"""`deal-solve schema`: JSON Schemas for editors and programs."""

from __future__ import annotations

import click

KINDS = (
    "deal",
    "proposal",
    "result",
    "settlement",
    "simulation",
    "curve",
    "frontier",
    "review",
    "clauses",
    "infeasible",
)


@click.command(epilog="Example:  deal-solve schema > deal.schema.json", short_help="Print the JSON Schema of a file.")
@click.argument("what", type=click.Choice(KINDS), default="deal")
def command(what: str) -> int:
    """Print the JSON Schema of a deal file, of a proposal, or of what a command writes: `result` is that of solve.

    An editor that knows the schema completes keys and marks mistakes in YAML as well.
    """
    import json

    click.echo(json.dumps(schema_of(what), indent=2, ensure_ascii=False))
    return 0


def schema_of(what: str) -> dict[str, object]:
    """Return the JSON Schema of a kind of file."""
    if what == "deal":
        from deal_solve.deal.deal import Deal as Model
    elif what == "proposal":
        from deal_solve.plan.proposal import Proposal as Model  # type: ignore[assignment]
    elif what == "result":
        from deal_solve.report.schema import Result as Model  # type: ignore[assignment]
    elif what == "settlement":
        from deal_solve.report.schema import SettlementResult as Model  # type: ignore[assignment]
    elif what == "simulation":
        from deal_solve.report.schema_simulation import SimulationResult as Model  # type: ignore[assignment]
    elif what == "curve":
        from deal_solve.report.schema_curve import CurveResult as Model  # type: ignore[assignment]
    elif what == "frontier":
        from deal_solve.report.schema_frontier import FrontierResult as Model  # type: ignore[assignment]
    elif what == "review":
        from deal_solve.report.schema_review import ReviewResult as Model  # type: ignore[assignment]
    elif what == "clauses":
        from deal_solve.report.schema_clauses import ClausesResult as Model  # type: ignore[assignment]
    else:
        from deal_solve.report.schema import InfeasibleResult as Model  # type: ignore[assignment]
    mode = "validation" if what in ("deal", "proposal") else "serialization"
    schema = Model.model_json_schema(by_alias=True, mode=mode)  # type: ignore[arg-type]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
