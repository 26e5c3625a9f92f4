"""Copy is compiled: no promise outside a slot, every slot from data, lengths kept."""

from __future__ import annotations

from importlib.resources import files
from string import Formatter

import pytest
import yaml

from assistant.campaigns.copywriter import Copywriter, Slot, compile_text, offer_words, sms_segments, violations
from assistant.errors import InvalidPlan, NotPermitted

COMMON = {n: Slot(n.replace("_", " "), "test") for n in ("shop_name", "unsubscribe_link", "postal_address")}
PRODUCTS = [{"name": Slot("Red Mug", "products.name of P1"), "price": Slot("€10.00", "products.price of P1"),
             "offer_price": Slot("€9.00", "products.price of P1, less the offer"),
             "because": Slot("Tea Towel", "lines")},
            {"name": Slot("Lantern", "products.name of P4"), "price": Slot("€40.00", "products.price of P4")}]
MESSAGES = yaml.safe_load(files("prompts").joinpath("copy/en/messages.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", [
    "Now 50 % off!", "Save up to fifty percent", "Only £5 each", "Guaranteed to please", "A free gift for you",
    "The best price anywhere", "Only today", "Until Sunday", "Half price", "Buy 2 get one", "Risk-free",
    "Hurry, while stocks last", "Offer ends in December", "now twice as good",
])
def test_free_text_may_promise_nothing(text: str) -> None:
    assert violations(text)
    with pytest.raises(NotPermitted):
        compile_text(text, {}, [])


def test_slots_carry_the_promises() -> None:
    used: list[tuple[str, str, str]] = []
    text = compile_text("Enjoy {discount} off {category}.", {"discount": Slot("10 %", "brief"),
                                                             "category": Slot("Homeware", "products.category")}, used)
    assert text == "Enjoy 10 % off Homeware."
    assert used == [("discount", "10 %", "brief"), ("category", "Homeware", "products.category")]


@pytest.mark.parametrize("template", ["{unknown} here", "{0}", "{a.b}", "{name!r}", "{", "{price:>10}"])
def test_slots_that_no_data_fill_are_refused(template: str) -> None:
    with pytest.raises(InvalidPlan):
        compile_text(template, {"price": Slot("€1", "x"), "name": Slot("n", "x")}, [])


def shipped() -> list[str]:
    channels = [channel for goal in MESSAGES.values() for channel in goal.values()]
    return [text for channel in channels for pieces in channel.values() for text in pieces]


@pytest.mark.parametrize("template", shipped())
def test_shipped_wordings_keep_the_rules(template: str) -> None:
    assert violations(template) == []
    names = {name for _, name, _, _ in Formatter().parse(template) if name}
    assert names <= {"shop_name", "top_product", "offer"}


@pytest.mark.parametrize("goal", ["win_back", "retention", "welcome", "launch"])
@pytest.mark.parametrize("offer", [None, Slot("10 % off everything in Homeware", "brief")])
def test_messages_hold_only_slot_numbers(goal: str, offer: Slot | None) -> None:
    writer = Copywriter(goal, "c-1", COMMON, offer)
    for message in (writer.email(PRODUCTS), writer.sms(PRODUCTS), writer.push(PRODUCTS)):
        text = f"{message.subject} {message.preheader} {message.body}"
        for _, filled, _ in message.slots:
            text = text.replace(filled, "")
        assert not any(c.isdigit() for c in text), text
    assert ("10 %" in writer.email(PRODUCTS).body) == (offer is not None)


def test_messages_without_products_still_read_well() -> None:
    writer = Copywriter("win_back", "c-1", COMMON, None)
    assert "top_product" not in writer.sms([]).body and "{" not in writer.email([]).body


def test_wording_differs_between_campaigns_and_not_within_one() -> None:
    subjects = {Copywriter("win_back", f"c-{n}", COMMON, None).email([]).subject for n in range(20)}
    assert len(subjects) > 1
    first, again = (Copywriter("win_back", "c-1", COMMON, None).email([]) for _ in range(2))
    assert first == again


def test_too_long_a_subject_is_refused() -> None:
    long = {**COMMON, "shop_name": Slot("x" * 100, "test")}
    with pytest.raises(InvalidPlan, match="at most"):
        Copywriter("promotion", "c-1", long, None).email([])


@pytest.mark.parametrize(("text", "alphabet", "segments"), [
    ("a" * 160, "GSM-7", 1), ("a" * 161, "GSM-7", 2), ("€" * 80, "GSM-7", 1), ("€" * 81, "GSM-7", 2),
    ("ж" * 70, "UCS-2", 1), ("ж" * 71, "UCS-2", 2), ("😀" * 35, "UCS-2", 1), ("£10 off", "GSM-7", 1),
])
def test_sms_segments_follow_the_standard(text: str, alphabet: str, segments: int) -> None:
    assert sms_segments(text) == (alphabet, segments)


def test_offer_in_words() -> None:
    slots = {"discount": Slot("10 %", "brief"), "category": Slot("Homeware", "products.category"),
             "ends_on": Slot("24 December 2026", "brief")}
    assert offer_words("percent_off", slots, scope="category", ends=True).text == (
        "10 % off everything in Homeware until 24 December 2026")
