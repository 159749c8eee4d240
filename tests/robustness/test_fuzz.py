"""Mutated deals, proposals, scenario sets and options: never an internal error, a hang, or two answers for one deal."""

import pytest

from tests.support.fuzz.cases import check_case, solve_case
from tests.support.fuzz.judge import judged_check, judged_solve
from tests.support.report_fuzz import CHUNK, problems, run_chunk

SEED = 20_270_101
CHECKS, SOLVES = 10_000, 1_500


def test_the_same_seed_makes_the_same_case():
    assert check_case(SEED, 5) == check_case(SEED, 5) != check_case(SEED, 6)
    assert solve_case(SEED, 5) == solve_case(SEED, 5) != solve_case(SEED + 1, 5)


@pytest.mark.parametrize("number", range(6))
def test_a_mutated_file_is_read_or_refused(tmp_path, number):
    assert judged_check(SEED, number, tmp_path).wrong == ""


@pytest.mark.parametrize("number", range(1))
def test_a_mutated_deal_has_one_answer(tmp_path, number):
    assert judged_solve(SEED, number, tmp_path).wrong == ""


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, CHECKS, CHUNK["check"]))
def test_mutated_files_are_read_or_refused(first):
    assert problems("check", [run_chunk("check", SEED, first, CHUNK["check"])]) == []


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, SOLVES, CHUNK["solve"]))
def test_mutated_deals_have_one_answer(first):
    assert problems("solve", [run_chunk("solve", SEED, first, CHUNK["solve"])]) == []
