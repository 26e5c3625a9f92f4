"""Other words for what the grammar knows."""

from __future__ import annotations

import pytest

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.thesaurus import _rules, in_other_words


def said(text: str, own: str = "") -> str | None:
    found = in_other_words(text, "en", lambda word: word == own)
    return found.text if found is not None else None


@pytest.mark.parametrize(("text", "plain"), [
    ("how many punters came", "how many customers came"),
    ("what did we rake in last month", "how much did we sell last month"),
    ("what people splashed out", "what people spent"),
    ("who grabs mugs", "who buys mugs"),
    ("returns dipped", "returns went down"),
    ("is turnover plummeting", "is turnover going down"),
    ("who snapped up candles", "who bought candles"),
    ("walk me through returns by brand", "show me returns by brand"),
    ("how did returns fare in May", "how did returns do in May"),
])
def test_words_are_put_into_those_of_the_grammar(text: str, plain: str) -> None:
    assert said(text) == plain


def test_what_was_read_is_told_and_asking_words_are_not() -> None:
    found = in_other_words("walk me through our dosh by nation", "en", lambda word: False)
    assert found is not None
    assert found.read == (("dosh", "revenue"), ("nation", "country"))


def test_a_name_of_the_shop_and_quoted_words_stay() -> None:
    assert said("revenue of labels", own="labels") is None
    assert said('revenue of "hot cakes"') is None


def test_nothing_known_is_put_into_other_words() -> None:
    assert said("revenue by country in May") is None


def test_no_word_is_read_as_itself() -> None:
    for group in read_yaml("en", "thesaurus")["groups"]:
        says = [group["say"]] if isinstance(group["say"], str) else group["say"]
        assert not {s.lower().strip() for s in says if s.strip()} & {str(f).lower() for f in group["for"]}, group["say"]


def test_every_group_can_be_compiled() -> None:
    for rule in _rules("en"):
        assert rule.pattern.compiled.groups >= rule.say.count("\\1")
