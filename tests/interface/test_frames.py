"""Every table as a data frame and in a notebook: plain cells, the same numbers."""

import numpy as np
import pytest

from deal_solve import (
    Table,
    alternatives,
    control_table,
    explain_infeasible,
    findings,
    loads,
    scenarios_of,
    settle,
    show,
    why_not,
)
from deal_solve.report.text import joined
from tests.support.deals import INFEASIBLE
from tests.support.solved import levers_of_many_clauses, loaded, many_clauses, solved

HYBRID, SOLUTION, SMALL = loaded("hybrid"), solved("hybrid"), many_clauses()
SETTLEMENT = SOLUTION.settlement


def tables():
    """Yield every kind of table there is, by name."""
    yield from show(SOLUTION).tables.items()
    answer = why_not(SMALL, "offer=list")
    yield from (("changes", answer.changes), ("lines", answer.difference.lines))
    yield "steps", levers_of_many_clauses().from_today
    tight = loads(INFEASIBLE)
    conflict = explain_infeasible(tight, scenarios_of(tight))
    yield from (("requirements", conflict.requirements), ("relaxations", conflict.relaxations))
    yield "findings", findings(tight, scenarios_of(tight))


def test_every_table_has_one_row_per_row_and_plain_columns():
    found = dict(tables())
    assert len(found) == 16
    for name, table in found.items():
        assert isinstance(table, Table)
        frame = table.to_frame()
        assert len(frame) == len(table), name
        assert not {"solution", "difference"} & set(frame), name
        if len(table):
            assert "<table" in table._repr_html_()


def test_the_cost_of_every_scenario_adds_up_over_lines_and_years():
    for by, total in (("line", SETTLEMENT.cost), ("year", SETTLEMENT.undiscounted)):
        frame = SETTLEMENT.to_frame(by)
        assert frame["scenario"].tolist() == list(SETTLEMENT.scenarios.names)
        assert frame["probability"].sum() == pytest.approx(1)
        parts = frame.drop(columns=["scenario", "probability", "total"])
        assert np.allclose(parts.sum(axis=1), frame["total"])
        assert frame["total"].tolist() == total.tolist()
    assert [name for name in SETTLEMENT.to_frame("year") if name.startswith("year")] == ["year 1", "year 2", "year 3"]


def test_shares_of_the_routing_add_up_in_every_month():
    frame = show(SOLUTION).tables["routing"].to_frame()
    for _, rows in frame.groupby(["user", "start"]):
        assert rows["share"].sum() == pytest.approx(1)
    months = frame.drop_duplicates(["user", "start"]).eval("end - start").groupby(frame["user"]).sum()
    assert set(months) == {HYBRID.horizon_months}


def test_agreements_are_a_table_of_the_search():
    frame = alternatives(SOLUTION).to_frame()
    assert len(frame) == len(SOLUTION.agreements)
    assert frame["is_recommended"].sum() == 1
    assert frame.loc[frame["is_recommended"], "offer"].tolist() == [SOLUTION.plan.api.offer]


def test_a_solution_is_shown_with_its_page_and_its_tables():
    shown = show(SOLUTION)
    assert shown.text.startswith("Harbourline, product and people: 36 months")
    assert repr(shown) == shown.text
    html = shown._repr_html_()
    assert html.startswith("<pre>Harbourline, product and people")
    assert "<details open><summary>decisions</summary><table" in html
    settlement = SOLUTION.settlement
    seats = SOLUTION.plan.seats["enterprise"].contracted
    assert f"This plan     {settlement.mean(settlement.cost):,.0f}" in html
    assert f"<td>{joined([f'{count:,}' for count in seats])}</td>" in html


def test_years_count_from_1_where_they_are_displayed():
    rows = show(SOLUTION).tables["seat_health"]
    assert [row.contract_year for row in rows] == [0, 1, 2]
    html = show(SOLUTION)._repr_html_().partition("seat health</summary>")[2].partition("</table>")[0]
    assert [f"<td>{year}</td>" in html for year in (0, 1, 3)] == [False, True, True]


def test_a_settlement_is_shown_too_and_text_is_escaped():
    odd = HYBRID.model_copy(update={"title": "<b>"})
    shown = show(settle(odd, SOLUTION.plan, SETTLEMENT.scenarios))
    assert shown.text.startswith("<b>: 36 months")
    assert shown._repr_html_().startswith("<pre>&lt;b&gt;: 36 months")
    assert "alternatives" not in shown.tables


def test_results_have_a_short_repr_and_a_display_of_their_own():
    assert len(repr(SOLUTION)) < 600
    assert len(repr(SETTLEMENT)) < 200
    assert len(repr(alternatives(SOLUTION)[0])) < 300
    assert SOLUTION._repr_html_().startswith("<p>Solution(status=&#x27;optimal&#x27;")
    assert "usage P90 adoption P90" in SETTLEMENT._repr_html_()


def test_controls_nobody_names_are_an_empty_table():
    deal = loads(INFEASIBLE)
    assert len(control_table(deal)) == len(control_table(deal).to_frame()) == 0
