"""Sums of requests over intervals: a row for each amount that differs, found by user, interval and hit rate."""

import pytest

from deal_solve import load, sample
from deal_solve.optimise.sums import sums_of
from tests.support.paths import SCENARIOS

FULL = SCENARIOS.parent / "tests" / "benchmarks" / "full.yaml"


@pytest.mark.parametrize("stated", [None, 0.5])
def test_requests_in_batch_have_rows_of_their_own_where_their_hit_rate_is_stated(stated):
    """Where it is not, the hit rate online is that in batch, and one row serves both."""
    deal = load(FULL)
    work = deal.workloads["support-chat"]
    cache = work.cache.model_copy(update={"batch_hit_rate": stated})
    works = {**deal.workloads, "support-chat": work.model_copy(update={"cache": cache})}
    sums = sums_of(deal.model_copy(update={"workloads": works}), sample(deal, 64))
    online, batch = (sums.rows_within("support-chat", basis, 0, 36) for basis in (False, True))
    assert (online == batch) == (stated is None)
    assert len(sums.requests) == len(set(sums._rows.values()))


def test_the_months_of_an_interval_are_added_up_and_times_the_hit_rate():
    deal = load(FULL)
    scenarios = sample(deal, 64)
    sums, block = sums_of(deal, scenarios), scenarios.block(0)
    for start, end in sums.within("support-chat", 0, 36):
        total = block.requests["support-chat"][start:end].sum(axis=0)
        assert sums.requests[sums.row_of("support-chat", start)] == pytest.approx(total)
        in_batch = sums.requests[sums.row_of("support-chat", start, True)]
        assert in_batch == pytest.approx(total * block.hit_rate["support-chat"])
