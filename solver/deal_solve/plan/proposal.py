"""A proposal: any part of a plan, in forms that are easy to write by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from deal_solve.deal.base import DealModel, Name
from deal_solve.deal.model_names import canonical_option
from deal_solve.deal.numbers import NUMBER_SCHEMA, Count, Share, parse_count
from deal_solve.deal.problems import problems_of
from deal_solve.deal.risk import NonNegativePath
from deal_solve.deal.workload import ProjectName
from deal_solve.deal.yaml_source import Source, parse, read_text
from deal_solve.errors import InputError, Problem
from deal_solve.plan.plan import ApiAgreement, Plan, RenewalTable, SeatAgreement, SellerAtList

Option = Annotated[str, BeforeValidator(canonical_option)]


def _counts(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (parse_count(value),)


def _flags(value: Any) -> Any:
    return (value,) if isinstance(value, bool) else value


def _names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _routes(value: Any) -> Any:
    if isinstance(value, str):
        value = {value: 1.0}
    return ({"shares": value},) if isinstance(value, dict) else value


def _flat_terms(value: Any) -> Any:
    """Return the `terms` of a plan as one list of bands and one of commitments; anything else unchanged."""
    terms = value.get("terms") if isinstance(value, dict) else None
    if isinstance(terms, list | tuple) and not terms:
        raise ValueError("terms: expected at least one, found none")
    if not isinstance(terms, list | tuple) or not all(_is_term(term) for term in terms):
        return value
    rest = {key: item for key, item in value.items() if key != "terms"}
    return {
        **rest,
        "at_list": [term.get("offer") is not None for term in terms for _ in term["commitment_usd"]],
        "band_usd_per_year": [term["band_usd_per_year"] for term in terms],
        "commitment_usd": [usd for term in terms for usd in term["commitment_usd"]],
    }


def _flat_seat_terms(value: Any) -> Any:
    """Return the `terms` of the seats of a plan as one answer per contract year; anything else unchanged."""
    terms = value.get("terms") if isinstance(value, dict) else None
    if not isinstance(terms, list | tuple) or not all(_is_seat_term(term) for term in terms):
        return value
    rest = {key: item for key, item in value.items() if key != "terms"}
    return {**rest, "at_list": [term.get("offer") or False for term in terms for _ in range(term["years"])]}


def _is_seat_term(term: Any) -> bool:
    return isinstance(term, dict) and set(term) - {"offer"} == {"years"} and isinstance(term["years"], int)


def _is_term(term: Any) -> bool:
    keys = {"band_usd_per_year", "commitment_usd"}
    return isinstance(term, dict) and set(term) - {"offer"} == keys and isinstance(term["commitment_usd"], list | tuple)


_TEXT: dict[str, Any] = {"type": "string"}
_SHARES: dict[str, Any] = {"type": "object", "additionalProperties": NUMBER_SCHEMA}


def _one_or_more(item: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item}]})


Counts = Annotated[
    tuple[Annotated[Count, Field(ge=0)], ...],
    Field(min_length=1),
    BeforeValidator(_counts),
    _one_or_more({"anyOf": NUMBER_SCHEMA["anyOf"]}),
]
AtList = Annotated[tuple[bool, ...], Field(min_length=1), BeforeValidator(_flags), _one_or_more({"type": "boolean"})]
SeatsAtList = Annotated[
    tuple[SellerAtList | bool, ...],
    Field(min_length=1),
    BeforeValidator(lambda value: (value,) if isinstance(value, bool | str) else value),
    _one_or_more({"enum": [True, False, *get_args(SellerAtList)]}),
]
Tracks = Annotated[tuple[Name, ...], Field(min_length=1), BeforeValidator(_names), _one_or_more(_TEXT)]


class ProposedApi(DealModel):
    """The API agreement, as far as it is decided. A tuple of one number holds for every year (or term)."""

    offer: str | None = Field(None, description="an offer of the deal, or list")
    term_months: Count | None = Field(None, description="length of the first term")
    commitment_usd: NonNegativePath | None = Field(
        None, description="a year: one number (under a ramp the mean), one per year of the first term, or one per year"
    )
    band_usd_per_year: NonNegativePath | None = Field(
        None, description="threshold of the band: one number, or one per term"
    )
    at_list: AtList | None = Field(
        None, description="per contract year, whether the agreement is left by then; left out: it stays"
    )


class ProposedSeats(DealModel):
    """The agreement of one seat type, as far as it is decided."""

    offer: str | None = Field(None, description="an offer of the deal, or list")
    term_months: Count | None = Field(None, description="length of the first term")
    contracted: Counts | None = Field(None, description="seats: one number, or one per contract year")
    at_list: SeatsAtList | None = Field(
        None,
        description="per contract year, whether the agreement is left by then, for list (yes) or list-monthly; left "
        "out: it stays",
    )


class ProposedRoute(DealModel):
    """Shares of the requests per option; without a month they hold wherever all their options are open."""

    from_month: Annotated[Count, Field(ge=0)] | None = Field(
        None, description="first month it holds, the start of an epoch"
    )
    shares: dict[Option, Share] = Field(min_length=1, description="share of the requests per option")


Routes = Annotated[
    tuple[ProposedRoute, ...],
    Field(min_length=1),
    BeforeValidator(_routes),
    WithJsonSchema(
        {
            "anyOf": [
                _TEXT,
                _SHARES,
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"from_month": {"type": "integer"}, "shares": _SHARES},
                        "required": ["shares"],
                        "additionalProperties": False,
                    },
                },
            ]
        }
    ),
]


PlannedSeats = Annotated[
    ProposedSeats, BeforeValidator(_flat_seat_terms, json_schema_input_type=ProposedSeats | SeatAgreement)
]


class Proposal(DealModel):
    """Any part of a plan; what is left out is completed (`settle`) or optimised (`solve --fix`).

    A complete plan, as `--json` writes it, is a proposal too.
    """

    api: Annotated[ProposedApi, BeforeValidator(_flat_terms, json_schema_input_type=ProposedApi | ApiAgreement)] = (
        Field(ProposedApi(), description="the API agreement")
    )
    seats: dict[Name, PlannedSeats] = Field({}, description="per seat type")
    tracks: dict[Name, Tracks] = Field({}, description="per cohort: one track, or one per contract year")
    projects: dict[Name, tuple[ProjectName, ...]] = Field({}, description="per workload: the projects bought")
    routing: dict[Name, Routes] = Field({}, description="per workload: an option, shares, or a list from months on")
    use: dict[Name, Routes] = Field({}, description="per cohort: as routing")
    signing_month: Annotated[Count, Field(ge=0)] | None = Field(
        None, description="month of signing, counted from the start; contract years are counted from it"
    )
    later: tuple[RenewalTable, ...] = Field((), description="tables of later terms, as in a plan")


def pins_of(given: Any) -> Proposal | None:
    """Return what a proposal, a plan or a solution (its plan) pins; None pins nothing.

    Raises InputError for anything else.
    """
    plan = getattr(given, "plan", given)
    if isinstance(plan, Plan):
        return Proposal.part_of_file({**plan.model_dump(), "signing_month": plan.signing_month})
    if plan is None or isinstance(plan, Proposal):
        return plan
    raise InputError(Problem("fix", f"is a {type(given).__name__}; expected a Proposal, a Plan or a Solution"))


def load_proposal(path: str | Path) -> Proposal:
    """Read a proposal, a plan, or the `plan` of a result file; raises InputError with every problem and its line."""
    return proposal_from(read_proposal(path))


def read_proposal(path: str | Path) -> Source:
    """Return the plain data of a proposal file with its lines; of a result file, the part under `plan`."""
    source = parse(read_text(Path(path)), str(path))
    if isinstance(source.data, dict) and isinstance(source.data.get("plan"), dict):
        lines = {loc[1:]: line for loc, line in source.lines.items() if loc[:1] == ("plan",)}
        return Source(source.file, source.data["plan"], lines)
    return source


def proposal_from(source: Source) -> Proposal:
    """Return the proposal of parsed data; raises InputError with every problem."""
    if not isinstance(source.data, dict):
        message = "is not a proposal; expected a map with api, seats, tracks, projects, routing or use"
        raise InputError(source.problem((), message))
    if "workloads" in source.data or "offers" in source.data:
        message = "is a deal file; expected what is signed of it, such as {api: {offer: quote, commitment_usd: 400k}}"
        raise InputError(source.problem((), message))
    try:
        return Proposal.part_of_file(source.data)
    except ValidationError as error:
        problems = problems_of(error, source, Proposal)
        raise InputError(sorted(problems, key=lambda problem: (problem.line or 0, problem.path))) from None
