"""Interests: planted tastes are found in one pass; luck, objectors and sensitive topics are left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from assistant.data.sensitive import tells_a_trait
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import NoRows, NotPermitted, UnknownName
from assistant.models.people.interest_report import interest_result, topic_place
from assistant.models.people.interests import Interests, Purchases, find_interests, interests_of, purchases
from assistant.plans import Compare, InterestRequest
from tests.support.tiny_shop import tiny_tables

ITEMS = [f"P{i}" for i in range(8)]
COLUMNS = {"category": ["Garden", "Garden", "Kitchen", "Kitchen", "Kitchen", "Toys", "Toys", "Maternity"],
           "brand": ["Elm", "Elm", "Fir", "Fir", None, "Elm", "toys", None]}


def bought(orders: list[tuple[str, int, list[str]]]) -> Purchases:
    """Orders from (customer, day, products)."""
    ordered = sorted(orders, key=lambda o: (o[0], o[1]))
    customers = sorted({c for c, _, _ in orders})
    cells = [(n, ITEMS.index(p)) for n, (_, _, products) in enumerate(ordered) for p in products]
    rows, columns = zip(*cells, strict=True)
    lines = csr_array((np.ones(len(cells), np.float32), (rows, columns)), shape=(len(ordered), len(ITEMS)))
    sizes = np.array([sum(o[0] == c for o in ordered) for c in customers])
    return Purchases(np.array(customers, dtype=object), np.array(ITEMS, dtype=object), lines, sizes,
                     np.array([d for _, d, _ in ordered], np.int32))


@pytest.fixture(scope="module")
def planted() -> Interests:
    """Forty customers of ten orders: the first ten buy garden things in eight of them, the others in one."""
    rng = np.random.default_rng(3)
    orders = []
    for n in range(40):
        for day in range(10):
            gardening = day < 8 if n < 10 else day == 0
            orders.append((f"C{n:02d}", 20000 + day, [str(rng.choice(ITEMS[:2] if gardening else ITEMS[2:7]))]))
    orders += [("N1", 20005, ["P0"]), ("M1", 20001, ["P7"]), ("M1", 20002, ["P7"]), ("M1", 20003, ["P7"])]
    return interests_of(bought(orders), ITEMS, COLUMNS, objected=frozenset({"C00"}))


def test_planted_tastes_are_found_and_nobody_else_s(planted: Interests) -> None:
    topic = topic_place(planted, "garden")
    assert planted.members(topic) == [f"C{n:02d}" for n in range(1, 10)]


def test_strength_is_the_shrunk_share_over_everybody_s(planted: Interests) -> None:
    topic = topic_place(planted, "Garden")
    share = (10 * 8 + 30 + 1) / (400 + 1 + 3)
    assert planted.shares[topic] == pytest.approx(share)
    _, place = planted.with_topic(topic)[0]
    assert planted.strengths[place] == pytest.approx((8 + 10 * share) / 20 / share, rel=1e-6)
    assert planted.last_days[place] == 20007


def test_one_order_of_a_newcomer_is_no_interest(planted: Interests) -> None:
    assert planted.of_customer("N1") == []


def test_objectors_have_no_row(planted: Interests) -> None:
    assert "C00" not in planted.customer_ids
    assert planted.left_out == 1


def test_topics_that_would_tell_a_trait_are_withheld_and_declined(planted: Interests) -> None:
    assert planted.topics.withheld == ("Maternity",)
    assert planted.of_customer("M1") == []
    with pytest.raises(NotPermitted):
        topic_place(planted, "maternity")


def test_a_name_that_two_kinds_share_is_one_topic(planted: Interests) -> None:
    assert ("category", "Toys") in zip(planted.topics.kinds, planted.topics.names, strict=True)
    assert "toys" not in planted.topics.names


@pytest.mark.parametrize(("said", "meant"), [("gardens", "Garden"), ("KITCHEN", "Kitchen"), ("toy", "Toys"),
                                             ("kitchn", "Kitchen")])
def test_names_are_found_however_inflected(planted: Interests, said: str, meant: str) -> None:
    assert planted.topics.names[topic_place(planted, said)] == meant


def test_an_unknown_interest_names_the_nearest(planted: Interests) -> None:
    with pytest.raises(UnknownName) as caught:
        topic_place(planted, "motorcycles")
    assert caught.value.valid


@pytest.mark.parametrize(("topic", "tells"), [("Maternity Wear", True), ("Religious Gifts", True), ("Garden", False),
                                              ("Women's Shoes", False), ("Children's Books", False)])
def test_which_topics_tell_a_trait(topic: str, tells: bool) -> None:
    assert tells_a_trait(topic) is tells


def test_a_shop_of_words(tiny: Snapshot) -> None:
    found = find_interests(tiny)
    assert set(found.topics.kinds) == {"category", "brand"}
    with pytest.raises(NoRows):  # nobody has bought garden things in two orders
        interest_result(tiny, InterestRequest(interest="Garden"), found, None)


def test_one_customer_who_buys_all_alike_has_no_interest(tiny: Snapshot) -> None:
    alone = interests_of(bought([("C1", 20000 + d, ["P0"]) for d in range(5)]), ITEMS, COLUMNS)
    assert alone.of_customer("C1") == []  # nobody to differ from


def test_the_demo_shop_s_tags_in_the_chat_s_form(demo_snapshot: Snapshot) -> None:
    found = find_interests(demo_snapshot)
    result = interest_result(demo_snapshot, InterestRequest(interest="Garden", k=5), found, None)
    table = result.table("customers")
    strengths = [row[table.column_index("strength")] for row in table.rows]
    assert strengths == sorted(strengths, reverse=True) and min(strengths) >= 1.5
    assert result.figures["people"].value == table.total_rows == len(found.members(topic_place(found, "Garden")))
    assert result.details["audience"]["filter"]["group"] == "interest"


def test_words_of_product_names_are_an_interest_where_no_topic_is_called_so(demo_snapshot: Snapshot) -> None:
    found = find_interests(demo_snapshot, "chocolate bar")
    topic = topic_place(found, "chocolate bars")
    assert found.topics.kinds[topic] == "named"
    assert 10 < len(found.members(topic)) < 1000


def test_purchases_leave_out_what_was_wholly_sent_back(tmp_path: Path) -> None:
    tables = tiny_tables()
    returned = tables["order_lines"].product_id.eq("P3") & tables["order_lines"].line_type.eq("return")
    tables["order_lines"].loc[returned, "quantity"] = -3  # C1 bought three cushions in two orders
    write_snapshot(tmp_path, tables, source="tests", currency="EUR")
    found = purchases(open_snapshot(tmp_path))
    assert list(found.customer_ids) == ["C1", "C2", "C3", "C4", "C5"]
    assert found.sizes.tolist() == [3, 2, 1, 1, 1]  # the order of cushions alone still is an order
    cushions = list(found.item_ids).index("P3")
    assert found.lines[:, [cushions]].sum() == 0
    assert found.lines.sum() == 10
    assert all(np.diff(found.days[:3]) > 0)


def test_the_audience_of_an_answer_keeps_its_other_conditions(demo_snapshot: Snapshot) -> None:
    germany = Compare(field="country", values=("Germany",))
    request = InterestRequest(interest="Garden", filter=germany)
    result = interest_result(demo_snapshot, request, find_interests(demo_snapshot), None)
    parts = result.details["audience"]["filter"]["parts"]
    assert [p["op_type"] for p in parts] == ["group", "compare"]
