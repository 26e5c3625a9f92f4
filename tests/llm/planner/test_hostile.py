"""Whatever is typed: valid calls of known tools, one clear line, no crash."""

from __future__ import annotations

import random

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.llm.planner.candidate import PLAN_OF
from assistant.llm.planner.context import DialogueContext, Past
from assistant.llm.planner.lexicon import lexicon
from assistant.llm.planner.planner import ALL_TOOLS, plan_turn
from tests.llm.planner.test_cases import GOLDEN
from tests.support.planner_shops import PlannerShop

SHOPS = [PlannerShop(), PlannerShop(full=False)]
WORDS = sorted(w for w in lexicon().vocabulary if w.isascii())
QUESTIONS = [t for t, _ in yaml.safe_load((GOLDEN / "planner_cases.yaml").read_text(encoding="utf-8"))["single"]]


def check(text: str, context: DialogueContext | None = None, shop: PlannerShop = SHOPS[0]) -> list[str]:
    planned = plan_turn(text, context, shop)
    assert planned.calls
    for call in planned.calls:
        assert call.name in ALL_TOOLS
        if call.name in PLAN_OF:
            PLAN_OF[call.name].model_validate(call.args)
        if call.name == "decline":
            assert call.args["message"]
            assert "\n" not in call.args["message"]
    return [c.name for c in planned.calls]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from([*WORDS, "5", "10 %", "£20", "2011", ",", "?", "17850", "31 February"]), max_size=14),
    st.integers(0, 1),
)
def test_any_order_of_known_words(words: list[str], shop: int) -> None:
    check(" ".join(words), shop=SHOPS[shop])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(
            [*QUESTIONS, "only Germany", "why?", "top 5", "the second one", "send it", "as a chart", "who are they"]
        ),
        min_size=2,
        max_size=4,
    )
)
def test_any_conversation(turns: list[str]) -> None:
    context = DialogueContext()
    for text in turns:
        planned = plan_turn(text, context, SHOPS[0])
        check(text, context)
        context.questions.append(text)
        context.past += [Past(c, None) for c in planned.calls]


def test_the_biggest_segment_of_a_list_that_holds_none() -> None:
    context = DialogueContext()
    for text in ("are my segments set up correctly?", "biggest orders this year", "how big is the biggest one?"):
        assert check(text, context)
        planned = plan_turn(text, context, SHOPS[0])
        context.questions.append(text)
        context.past += [Past(c, None) for c in planned.calls]


@pytest.mark.parametrize("text", ["year on year losers, item by item", "by item, item and item", "item, item, item"])
def test_groups_that_are_named_twice(text: str) -> None:
    check(text)


@pytest.mark.parametrize("count", ["17850", "999999", "999999999999"])
@pytest.mark.parametrize("unit", ["days", "years"])
@pytest.mark.parametrize(
    "text",
    [
        "who has not bought for {} {}",
        "value customer={} {}",
        "revenue {} {} ago",
        "plan a campaign for the next {} {}",
        "campaign starting in {} {} for 20 days",
        "forecast the next {} {}",
        "who opened an email in the last {} {}",
    ],
)
def test_lengths_beyond_any_calendar(text: str, count: str, unit: str) -> None:
    check(text.format(count, unit))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "revenue " * 1_250,
        "?" * 10_000,
        "😀" * 5_000,
        "SELECT * FROM customers; " * 400,
        "<script>alert(1)</script>" * 300,
        "between 1 and 2 and 3 and " * 400,
        "not " * 2_500,
        "last last last week week week " * 300,
    ],
    ids=lambda t: t[:12],
)
def test_ten_thousand_characters(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE customers",
        "SELECT name FROM customers",
        "<img src=x onerror=alert(1)>",
        '{"a": 1}',
        "import os",
        "Quel est le chiffre d'affaires ?",
        "Сколько мы продали?",
        "売上は？",
        "\u202eeuneveR",
        "\x00\x01",
    ],
)
def test_code_and_other_languages_are_declined_in_one_line(text: str) -> None:
    assert check(text) == ["decline"]


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_typos_seldom_change_the_plan(every: int) -> None:
    """One swapped pair of letters leaves most plans as they were; the rest are declined, not changed."""
    rng = random.Random(7)
    same = changed = 0
    plain = [q for q in QUESTIONS if q.isascii() and 3 < len(q.split()) < 12]
    for question in plain[::every]:
        words = question.split()
        long = [i for i, w in enumerate(words) if w.isalpha() and len(w) > 5 and w.islower()]
        if not long:
            continue
        i = rng.choice(long)
        k = rng.randrange(1, len(words[i]) - 2)
        words[i] = words[i][:k] + words[i][k + 1] + words[i][k] + words[i][k + 2 :]
        before, after = plan_turn(question, None, SHOPS[0]), plan_turn(" ".join(words), None, SHOPS[0])
        if before.calls == after.calls:
            same += 1
        elif after.calls[0].name not in {"decline", "ask_back"}:
            changed += 1
    assert same / (same + changed) >= 0.9
