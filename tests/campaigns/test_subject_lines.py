"""Subject lines to choose from: compiled, distinct, about the goods named or plainly not."""

from __future__ import annotations

from assistant.campaigns.copy.rules import violations
from assistant.campaigns.subject_lines import subject_lines_result
from assistant.data.warehouse import Snapshot
from assistant.llm.replies import compose
from assistant.plans import PostRequest
from assistant.plans.requests import OfferSpec


def test_lines_name_the_goods_and_promise_nothing(demo_snapshot: Snapshot) -> None:
    request = PostRequest(channel="subject", category="Garden", variants=5)
    result = subject_lines_result(demo_snapshot, request, topic_found=True)
    lines = result.details["lines"]
    assert len(set(lines)) == 5 and sum("Garden" in line for line in lines) >= 2
    assert not any(violations(line, "en") for line in lines) and all(len(line) <= 60 for line in lines)
    assert "nothing has been sent" in compose([result]).text


def test_an_offer_is_printed_as_it_was_said(demo_snapshot: Snapshot) -> None:
    request = PostRequest(channel="subject", category="Garden", variants=3,
                          offer=OfferSpec(kind="percent_off", value=20))
    assert any("20 %" in line for line in subject_lines_result(demo_snapshot, request, True).details["lines"])


def test_goods_that_are_not_sold_are_named_as_such(demo_snapshot: Snapshot) -> None:
    request = PostRequest(channel="subject", theme="submarines", variants=2)
    result = subject_lines_result(demo_snapshot, request, topic_found=False)
    assert not any("submarines" in line for line in result.details["lines"])
    assert "submarines" in compose([result]).text
