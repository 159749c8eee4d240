"""Solves in several threads at once are the solves one after another, and one in two processes is one in one."""

import gc
import multiprocessing
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace

import pytest

from deal_solve import Cancelled, alternatives, from_json, load, scenarios_of, solve, to_json, why_not
from deal_solve.optimise import second_process
from deal_solve.optimise.search import agreement_search
from deal_solve.optimise.search.second_half import BandsBeside, SecondHalf
from deal_solve.optimise.second_process import can_fork
from tests.support.paths import EXAMPLES
from tests.support.samples import sizes
from tests.support.solved import loaded, solved


def timeless(solution):
    """Return all of a result but the seconds it took."""
    found = from_json(to_json(solution))
    solver = replace(found.solver, build_seconds=0.0, solve_seconds=0.0)
    return replace(found, solver=solver)


def result(deal):
    return timeless(solve(deal))


@pytest.mark.parametrize("count", sizes(3, 6))
def test_examples_at_the_same_time_give_the_same_results(count):
    paths = sorted(EXAMPLES, key=lambda path: path.stem in ("hybrid", "regulated", "start-up"))[:count]
    serial = [timeless(solved(path.stem)) for path in paths]
    with ThreadPoolExecutor(count) as pool:
        assert list(pool.map(result, [load(path) for path in paths])) == serial


def test_one_deal_may_be_shared_by_threads():
    """Nothing is known of a deal beforehand: every thread would work it out at the same time."""
    serial = timeless(solved(EXAMPLES[-1].stem))
    deal = load(EXAMPLES[-1])
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(result, [deal] * 4)) == [serial] * 4


def test_analyses_of_one_solution_may_run_at_the_same_time():
    solution = solved(EXAMPLES[-1].stem)
    asked = [f"offer={offer}" for offer in ("list", *solution.settlement.deal.offers)]
    with ThreadPoolExecutor(4) as pool:
        rows = pool.submit(alternatives, solution, every=True)
        found = list(pool.map(lambda choice: why_not(solution, choice), asked))
    for choice, answer in zip(asked, found, strict=True):
        again = why_not(solution, choice)
        assert (answer.outcome, answer.objective_usd, answer.plan) == (again.outcome, again.objective_usd, again.plan)
    assert [row.above_usd for row in rows.result()] == [row.above_usd for row in alternatives(solution, every=True)]


DIVIDED = "seat-heavy"
BEFORE = BandsBeside._work


def begun(monkeypatch, can, half=SecondHalf._work, bands=BandsBeside._work):
    """Let agreements of any size, and their bands, be bounded in a second process, or not; return what was begun."""
    monkeypatch.setattr(agreement_search, "DIVIDED_MIN_NONZEROS", 0)
    monkeypatch.setattr(agreement_search, "can_fork", lambda: can)
    monkeypatch.setattr(SecondHalf, "_work", half)
    monkeypatch.setattr(BandsBeside, "_work", staticmethod(bands))
    count, bound, begin = [], SecondHalf.bound_beside, BandsBeside.begin
    monkeypatch.setattr(SecondHalf, "bound_beside", lambda half, others: count.append(half) or bound(half, others))
    monkeypatch.setattr(BandsBeside, "begin", lambda bands, *work: count.append(bands) or begin(bands, *work))
    return count


def _lost(*given):
    os._exit(1)


def _lost_later(bounds_of, some, send):
    for candidate in some[:1]:
        send((candidate.agreement, bounds_of(candidate)))
    os._exit(1)


def _slow(bounds_of, some, send):
    threading.Event().wait(0.5)
    BEFORE(bounds_of, some, send)


def _mute(*given):
    raise MemoryError


def _stuck(*given):
    threading.Event().wait()


@pytest.mark.parametrize("name", ["seat-heavy", "start-up"])
def test_agreements_and_bands_bounded_in_a_second_process_give_the_same_bits(monkeypatch, name):
    """Bands may be bounded by the second process, by the first one before the plan is polished, or by it afterwards."""
    deal, found = loaded(name), []
    for can, bands in ((True, BEFORE), (True, _slow), (True, _lost_later), (False, BEFORE)):
        with monkeypatch.context() as patched:
            count = begun(patched, can, bands=bands)
            found.append(result(deal))
            assert len(count) > 1 if can else not count
    assert found[1:] == found[:1] * 3


@pytest.mark.parametrize("work", [{"half": lost} for lost in (_lost, _mute, _stuck)] + [{"bands": _lost_later}])
def test_what_a_lost_process_was_to_bound_is_bounded_here(monkeypatch, work):
    deal = loaded(DIVIDED)
    whole = solve(deal)
    monkeypatch.setattr(second_process, "STANDSTILL_SECONDS", 0.5)
    count = begun(monkeypatch, can=True, **work)
    again = solve(deal)
    assert count
    assert again.plan == whole.plan
    assert again.bound_usd == pytest.approx(whole.bound_usd, rel=1e-12)
    assert [each.bound_usd for each in again.agreements] == pytest.approx([each.bound_usd for each in whole.agreements])


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_second_process_ends_with_the_solve_and_begins_no_other(monkeypatch, is_stopped):
    deal = loaded(DIVIDED)
    count = begun(monkeypatch, can=True)
    with pytest.raises(Cancelled) if is_stopped else nullcontext():
        solve(deal, progress=lambda at: not (is_stopped and "solving adoption" in at.phase))
    assert count
    assert not any(each.is_at_work for each in count if isinstance(each, BandsBeside))
    assert not multiprocessing.active_children()
    with second_process.second_process(lambda send: send(can_fork())) as other:
        assert not can_fork()
        assert other.receive() is False


def test_where_no_more_processes_may_be_all_is_done_in_the_first(monkeypatch):
    def refused():
        raise BlockingIOError("Resource temporarily unavailable")

    deal = loaded(DIVIDED)
    alone = result(deal)
    count = begun(monkeypatch, can=True)
    monkeypatch.setattr(os, "fork", refused)
    assert result(deal) == alone
    assert count


def test_no_process_begins_while_another_thread_works_here():
    """It may hold a lock that the fork would wait for; a thread that only waits holds none."""
    may, works, done = threading.Event(), threading.Event(), threading.Event()

    def progress(at):
        works.set()
        done.wait(60)

    before = can_fork()
    waiting = threading.Thread(target=may.wait)
    waiting.start()
    assert can_fork() is before
    deal = load(EXAMPLES[-1])
    working = threading.Thread(target=lambda: solve(deal, scenarios_of(deal), progress=progress))
    working.start()
    assert works.wait(60)
    assert not can_fork()
    for event in (done, may):
        event.set()
    for thread in (working, waiting):
        thread.join()
    assert can_fork() is before


def test_a_look_at_other_threads_keeps_nothing_alive():
    class Held:
        pass

    def look():
        held = Held()
        can_fork()
        return weakref.ref(held)

    gc.disable()
    try:
        assert look()() is None
    finally:
        gc.enable()
