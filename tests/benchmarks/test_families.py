import pytest

from benchmarks.__main__ import chosen, families

KNOWN = ["questions", "recommend.speed", "recommend.top_n"]


def test_a_family_names_itself_or_all_of_its_parts():
    assert chosen(["recommend"], KNOWN) == ["recommend.speed", "recommend.top_n"]
    assert chosen(["recommend.top_n", "recommend"], KNOWN) == ["recommend.top_n", "recommend.speed"]
    assert chosen([], KNOWN) == KNOWN


def test_an_unknown_family_is_named_with_the_valid_ones():
    with pytest.raises(ValueError, match="'recom'.*questions"):
        chosen(["recom"], KNOWN)


def test_families_are_the_folders_with_a_run():
    assert {"questions", "main_job"} <= set(families())
