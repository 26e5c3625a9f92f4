"""Every number of a reply is traced or the reply is blocked."""

from __future__ import annotations

import re

import pytest

from assistant.agent.grounding import check
from assistant.results import NumberInReply
from tests.support.results import ranking

GOOD = (
    "Total revenue was £1,978.40. Red Mug led with £1,234.50 (62.4 %), then Tea Towel 22423 with £743.90. "
    "Data as of 9 March 2024."
)


def test_true_reply_is_traced_completely() -> None:
    checked = check(GOOD, [ranking()])
    assert checked.untraced == []
    by_text = {n.text: n for n in checked.numbers}
    assert by_text["1,234.50"].source.table == "result"
    assert (by_text["1,234.50"].source.row, by_text["1,234.50"].source.column) == (0, "revenue")
    assert by_text["62.4 %"].unit == "percent"
    assert by_text["9 March 2024"].source.origin == "evidence"
    for number in checked.numbers:
        assert GOOD[number.start : number.end] == number.text


def digits() -> list[int]:
    return [m.start() for m in re.finditer(r"\d", GOOD)]


@pytest.mark.parametrize("position", digits())
def test_one_altered_digit_is_blocked(position: int) -> None:
    for shift in (1, 3, 7):
        digit = str((int(GOOD[position]) + shift) % 10)
        altered = GOOD[:position] + digit + GOOD[position + 1 :]
        assert check(altered, [ranking()]).untraced, altered


@pytest.mark.parametrize("text", [
    "Revenue grew by 18 %.", "It is 1.7 times the second.", "About 2k in total.", "Red Mug sold twice as much.",
    "Sales were £1,234.51.", "The total is 1978.4 %.", "On 10 March 2024 it peaked.", "Guaranteed +62.5 %",
    "£12,34.50", "Order 99812 was large.",
])
def test_invented_figures_are_blocked(text: str) -> None:
    assert check(text, [ranking()]).untraced


def test_numbers_of_the_question_may_not_pose_as_results_but_ids_may_be_named() -> None:
    assert check("Nothing is known about customer 17850.", [], "what about customer 17850?").ok
    assert not check("Nothing is known about customer 17851.", [], "what about customer 17850?").ok


def test_text_without_numbers_passes() -> None:
    assert check("No figures here.", []).ok


def test_registered_number_must_match_its_cell() -> None:
    result = ranking()
    figure = result.figures["first"]
    text = "Red Mug: £1,234.50."
    number = NumberInReply(text="£1,234.50", start=9, end=18, value=figure.value, unit=figure.unit, label="Revenue",
                           source=figure.source, result=0)
    assert check(text, [result], known=[number]).numbers == [number]
    forged = number.model_copy(update={"value": 9999.0, "text": "£9,999.00"})
    assert check("Red Mug: £9,999.00.", [result], known=[forged]).untraced


def test_digits_of_a_known_code_are_no_number() -> None:
    result = ranking().model_copy(update={"words": {"campaign": "c-5"}})
    assert check("Draft c-5 is ready.", [result]).numbers == []
    assert check("Draft c-5 is ready.", [result]).ok
    assert not check("Draft c-6 is ready.", [result]).ok


def test_a_registered_number_may_not_become_another_true_one() -> None:
    """A digit changed so that some other cell holds the value is still a false statement."""
    result = ranking()
    figure = result.figures["first"]
    text = "Red Mug: £1,234.50."
    number = NumberInReply(text="£1,234.50", start=9, end=18, value=figure.value, unit=figure.unit, label="Revenue",
                           source=figure.source, result=0)
    assert check(text, [result], known=[number]).ok
    swapped = "Red Mug: £743.90."
    assert check(swapped, [result], known=[number]).untraced


def test_an_unknown_code_is_blocked_wherever_its_digits_stand() -> None:
    result = ranking().model_copy(update={"words": {"order": "SO200008"}})
    assert check("Order SO200008 was first.", [result]).ok
    assert check("Order SO500008 was first.", [result]).untraced == ["SO500008"]


def test_a_rise_may_be_printed_with_its_sign() -> None:
    result = ranking()
    figure = result.figures["first"]
    number = NumberInReply(text="+£1,234.50", start=9, end=19, value=figure.value, unit=figure.unit, label="Revenue",
                           source=figure.source, result=0)
    assert check("Red Mug: +£1,234.50.", [result], known=[number]).ok
