"""The options of a solve: one list of names, taken whole or as keywords."""

import dataclasses

import pytest

from deal_solve.optimise.options import SettingKeywords, SolveKeywords, SolveOptions
from deal_solve.optimise.search.cache import SolveCache


def test_every_field_is_a_keyword():
    fields = {field.name for field in dataclasses.fields(SolveOptions)}
    assert SolveKeywords.__optional_keys__ == {"options", *fields}
    assert SettingKeywords.__optional_keys__ < fields


def test_keywords_replace_fields_of_options():
    options = SolveOptions(gap=1e-3, time_limit=7.0)
    assert SolveOptions.of({}) == SolveOptions()
    assert SolveOptions.of({"options": options}) == options
    assert SolveOptions.of({"options": options, "gap": 0.1}) == dataclasses.replace(options, gap=0.1)


def test_a_keyword_that_is_none_is_refused():
    with pytest.raises(TypeError, match="gapp"):
        SolveOptions.of({"gapp": 0.1})


def test_a_given_cache_or_baseline_stays():
    cache = SolveCache()
    assert SolveOptions(cache=cache).cached().cache is cache
    assert isinstance(SolveOptions().cached().cache, SolveCache)
    assert SolveOptions(baseline="mine").measured_against("theirs").baseline == "mine"
    assert SolveOptions().measured_against("theirs").baseline == "theirs"
