"""Break-even of a change of prices, against the identity it solves."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.agent import grounding
from assistant.errors import NoRows, UnknownName
from assistant.llm.replies import compose
from assistant.plans import Compare
from assistant.plans.break_even import BreakEvenRequest
from assistant.query.break_even import break_even


@settings(max_examples=25, deadline=None)
@given(percent=st.one_of(st.floats(-60, -1), st.floats(1, 300)))
def test_margin_and_revenue_are_as_before_at_break_even(shop, percent):
    result = break_even(shop, BreakEvenRequest(change_percent=percent))
    table = result.table("now")
    revenue, rate = table.cell(0, "revenue"), table.cell(0, "margin_rate") / 100
    g = percent / 100
    kept = 1 - result.figures["units_for_revenue"].value / 100
    assert revenue * (1 + g) * kept == pytest.approx(revenue)
    if rate + g > 0:
        kept = 1 - result.figures["units_for_margin"].value / 100
        assert kept * (rate + g) == pytest.approx(rate)
    else:
        assert result.words["margin"] == "never"


@pytest.mark.parametrize("percent", [10, -5, -95])
def test_the_reply_promises_nothing_and_every_number_is_traced(shop, percent):
    result = break_even(shop, BreakEvenRequest(change_percent=percent))
    reply = compose([result])
    assert "not a prediction" in reply.text
    assert grounding.check(reply.text, [result], "", reply.numbers).untraced == []


def test_without_a_sale_there_is_nothing_to_compute(shop):
    with pytest.raises((NoRows, UnknownName)):
        break_even(shop, BreakEvenRequest(change_percent=5, filter=Compare(field="country", values=("Atlantis",))))
