"""Customers a product suits and customers who buy alike, against the purchases themselves."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import NoRows, UnknownName
from assistant.llm.replies import compose
from assistant.models.recommend.fitted import FittedRecommender
from assistant.models.recommend.people import buyers_result
from assistant.plans import BuyersRequest
from assistant.plans.filters import Compare
from assistant.plans.reword import reword


@pytest.fixture(scope="module")
def fitted(demo_recommender: FittedRecommender) -> FittedRecommender:
    return demo_recommender


def bought(fitted: FittedRecommender, customer: str) -> set[str]:
    seen = fitted.interactions
    row = seen.matrix[[int(seen.user_positions([customer])[0])]]
    return set(seen.item_ids[row.indices].tolist())


def test_alike_are_those_who_share_products(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    customer = str(fitted.interactions.user_ids[5])
    result = buyers_result(demo_snapshot, BuyersRequest(like_customer_id=customer, k=15), fitted)
    own = bought(fitted, customer)
    rows = result.table("customers").rows
    assert rows and customer not in {r[0] for r in rows}
    for other, _, shared, *_ in rows:
        assert shared == len(own & bought(fitted, other)) > 0
    assert [r[1] for r in rows] == sorted((r[1] for r in rows), reverse=True)
    reply = compose([result])
    assert customer in reply.text


def test_owners_are_left_out_where_it_is_rarely_bought_again(
    demo_snapshot: Snapshot, fitted: FittedRecommender
) -> None:
    seen, kept = fitted.interactions, fitted.rebuying.kept
    once = next(p for p, k in zip(seen.item_ids, kept, strict=True) if not k)
    result = buyers_result(demo_snapshot, BuyersRequest(product_id=str(once), k=200), fitted)
    assert all(once not in bought(fitted, str(r[0])) for r in result.table("customers").rows)
    assert "left out" in compose([result]).text


def test_a_filter_narrows_to_its_customers(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    german = Compare(field="country", values=("Germany",))
    result = buyers_result(demo_snapshot, BuyersRequest(category="Garden", filter=german, k=30), fitted)
    from assistant.query.audience import customer_ids

    assert {r[0] for r in result.table("customers").rows} <= set(customer_ids(demo_snapshot, german))
    assert result.details["customer_ids"] == [r[0] for r in result.table("customers").rows]


def test_unknown_names_are_refused(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    with pytest.raises(UnknownName):
        buyers_result(demo_snapshot, BuyersRequest(like_customer_id="nobody"), fitted)
    with pytest.raises(UnknownName):
        buyers_result(demo_snapshot, BuyersRequest(product_id="no-such-product"), fitted)
    with pytest.raises(NoRows):
        buyers_result(demo_snapshot, BuyersRequest(text="zzzzqq"), fitted)


def test_who_may_be_contacted_is_shown_by_channel(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    result = buyers_result(demo_snapshot, BuyersRequest(category="Garden", k=40), fitted)
    customers, reach = result.table("customers"), result.table("reach")
    contacts = demo_snapshot.execute(demo_snapshot.table("contacts")).to_pylist()
    allowed = {(c["customer_id"], c["channel"]) for c in contacts
               if c["address"] and c["consent"] and not c["suppressed"]}
    for channel, count in reach.rows:
        column = customers.column_index(f"may_{channel}")
        said = {row[0] for row in customers.rows if row[column] == "yes"}
        assert len(said) == count and said == {row[0] for row in customers.rows if (row[0], channel) in allowed}
    assert "may be contacted" in compose([result]).text


def test_customers_for_one_product_come_with_tested_reasons(
    demo_snapshot: Snapshot, fitted: FittedRecommender
) -> None:
    product = str(fitted.interactions.item_ids[np.argmax(np.bincount(fitted.interactions.matrix.indices))])
    table = buyers_result(demo_snapshot, BuyersRequest(product_id=product, k=60), fitted).table("customers")
    named = 0
    for row in table.rows[:50]:
        reason = str(row[table.column_index("reason")])
        if reason.startswith("because they bought "):
            named += 1
            name = reason.removeprefix("because they bought ")
            rows = [fitted.catalogue.row_of(p) for p in bought(fitted, str(row[0]))]
            names = set(fitted.catalogue.frame["name"].iloc[rows])
            assert name in names
    assert named > 10 and all(row[table.column_index("reason")] is None for row in table.rows[50:])


def test_several_products_at_once(demo_snapshot: Snapshot, fitted: FittedRecommender) -> None:
    ids = tuple(str(p) for p in fitted.interactions.item_ids[[3, 40]])
    request = BuyersRequest(product_ids=ids, k=10)
    result = buyers_result(demo_snapshot, request, fitted)
    assert " or " in result.words["what"] and result.table("customers").rows and "any of" in reword(request)
    with pytest.raises(UnknownName):
        buyers_result(demo_snapshot, BuyersRequest(product_ids=("nothing",)), fitted)
