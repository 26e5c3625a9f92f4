"""Word matching: spelling, plurals, compounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.catalogue import Product
from assistant.retrieval.lexical import LexicalIndex, words

NAMES = ["RED RETROSPOT MUG", "BLUE POLKADOT MUGS SET", "GLASS CAKE STAND", "REGENCY CAKESTAND 3 TIER", "CARPET BEATER",
         "TOY CAR", "PET BOWL", "WHITE METAL LANTERN", "CAFÉ CHALKBOARD", "DAISY BOXES"]
INDEX = LexicalIndex([Product(str(i), name) for i, name in enumerate(NAMES)])


def best(query: str) -> str:
    return NAMES[int(INDEX.scores(INDEX.read(query)).argmax())]


@pytest.mark.parametrize(("query", "name"), [
    ("red mug", "RED RETROSPOT MUG"), ("blue mugs", "BLUE POLKADOT MUGS SET"), ("lanterns", "WHITE METAL LANTERN"),
    ("cafe chalkboard", "CAFÉ CHALKBOARD"), ("daisy box", "DAISY BOXES"), ("regency cake stand", NAMES[3]),
    ("glass cakestand", "GLASS CAKE STAND"), ("pet", "PET BOWL"), ("car", "TOY CAR"), ("polkadots mug", NAMES[1]),
])
def test_best_by_words(query: str, name: str) -> None:
    assert best(query) == name


@pytest.mark.parametrize(("typed", "meant"), [
    ("lantren", "lantern"), ("retrospto", "retrospot"), ("regensy", "regency"), ("mteal", "metal"),
])
def test_misspelled_words_are_read_and_said(typed: str, meant: str) -> None:
    reading = INDEX.read(f"white {typed}")
    assert reading.corrections == {typed: meant}
    assert reading.text == f"white {meant}"


def test_words_that_occur_are_never_corrected() -> None:
    assert INDEX.read("red mug car pet bowl").corrections == {}


def test_a_word_far_from_all_others_is_unknown() -> None:
    reading = INDEX.read("laptop")
    assert reading.unknown == ["laptop"]
    assert not reading.known
    assert INDEX.scores(reading).max() == 0


def test_a_false_compound_does_not_match() -> None:
    carpet = NAMES.index("CARPET BEATER")
    assert INDEX.scores(INDEX.read("car"))[carpet] == 0
    assert INDEX.scores(INDEX.read("pet"))[carpet] == 0


def test_the_shorter_name_wins_among_equal_coverage() -> None:
    index = LexicalIndex([Product("1", "MUG WITH SPOTS AND STARS"), Product("2", "MUG"), Product("3", "CUP")])
    assert index.scores(index.read("mug")).argmax() == 1


def test_name_counts_more_than_description() -> None:
    index = LexicalIndex([Product("1", "Tray", "Goes with every mug"), Product("2", "Mug", "For tea"),
                          Product("3", "Lamp", "Bright")])
    scores = index.scores(index.read("mug"))
    assert scores[1] > scores[0] > scores[2] == 0


@given(st.text(max_size=60))
def test_any_text_scores_between_zero_and_one(text: str) -> None:
    scores = INDEX.scores(INDEX.read(text))
    assert scores.shape == (len(NAMES),)
    assert scores.min() >= 0
    assert scores.max() <= 1 + 1e-9


@given(st.text(alphabet=st.characters(max_codepoint=0xFF), max_size=60))
def test_words_are_the_same_in_capitals(text: str) -> None:
    assert words(text.upper()) == words(text)


def test_numbers_stand_apart_from_letters_and_spellings_are_one() -> None:
    assert words("10ft x 12in") == words("10 ft x 12 in")
    assert words("Grey aluminium pyjamas") == words("gray aluminum pajama")


def test_a_word_of_the_language_is_no_misspelling() -> None:
    products = [Product("1", "TAPE LEVEL"), Product("2", "LEATHER BAG")]
    assert LexicalIndex(products).read("lever").corrections == {"lever": "level"}
    told = LexicalIndex(products, frozenset({"lever"})).read("lever")
    assert told.corrections == {}
    assert told.unknown == ["lever"]


def test_holding_wants_every_word_in_any_field() -> None:
    index = LexicalIndex([Product("1", "Vase", "Of blown glass"), Product("2", "Glass"), Product("3", "Vase")])
    assert index.holding(index.read("glass vase")).tolist() == [True, False, False]
    assert index.coverage(index.read("glass vase")).argmax() == 0
