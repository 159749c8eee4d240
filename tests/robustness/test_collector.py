"""Modules are imported without looking for cycles, and no program that calls the package has its collector changed."""

import gc

import pytest

from deal_solve.cli.support import collector
from deal_solve.cli.support.interrupt import interruptible


@pytest.fixture
def usual():
    """Put the collector back as it was."""
    thresholds = gc.get_threshold()
    yield thresholds
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_a_command_looks_at_what_is_made_by_its_work_alone(usual):
    collector.begin()
    assert gc.get_threshold() == collector.STARTING
    assert interruptible(gc.get_freeze_count) > 0
    assert gc.get_threshold() == collector.WORKING


def test_work_that_no_command_has_begun_changes_nothing(usual):
    frozen = gc.get_freeze_count()
    assert interruptible(gc.get_freeze_count) == frozen
    assert gc.get_threshold() == usual
