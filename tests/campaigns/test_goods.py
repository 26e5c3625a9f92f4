"""What a clearance and a launch are about where nobody says it, and products of a favourite category."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from assistant.campaigns.draft import Rooms, draft_campaign, make_plan
from assistant.campaigns.favourites import favourite_categories, picks_of_favourites
from assistant.campaigns.goods import goods_of
from assistant.campaigns.messages import Pick
from assistant.campaigns.store import DraftStore
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.plans import CampaignBrief, Compare, OfferSpec
from tests.support.tiny_shop import tiny_shop, tiny_tables

LAST = date(2024, 3, 9)
EVERYBODY = Compare(field="customer", op="not_null")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The tiny shop with launch days: P3 sold last 59 days ago, P4 is dear to make, P5 came in three weeks ago."""
    tables = tiny_tables()
    products = tables["products"].assign(launched_at=[date(2023, 1, 1)] * 5, discontinued_at=[None] * 5)
    products.loc[products["product_id"] == "P5", "launched_at"] = LAST - timedelta(days=20)
    products.loc[products["product_id"] == "P4", "cost"] = 33.0
    products.loc[products["product_id"] == "P4", "stock"] = 500
    extra = pd.DataFrame([("P6", "Old Vase", "A vase", "Homeware", "Birch", 20.0, 5.0, 30, date(2022, 1, 1), None),
                          ("P7", "Gone Vase", "A vase", "Homeware", "Birch", 20.0, 5.0, 30, date(2022, 1, 1),
                           date(2023, 12, 1))], columns=products.columns)
    tables["products"] = pd.concat([products, extra], ignore_index=True)
    folder = tmp_path_factory.mktemp("goods")
    write_snapshot(folder, tables, source="tests", currency="EUR")
    return open_snapshot(folder)


def rooms(folder: Path) -> Rooms:
    return Rooms(store=DraftStore(folder / "app.sqlite"), pick=lambda ids, k, category: {},
                 definition=lambda term: None, pick_among=lambda ids, k, goods: {i: [Pick("P6")] for i in ids})


def brief(goal: str, **values: object) -> CampaignBrief:
    return CampaignBrief(goal=goal, audience=EVERYBODY, channels=("email",), **values)  # type: ignore[arg-type]


def test_slow_goods_stay_above_cost_and_carry_their_grounds(shop: Snapshot) -> None:
    found = goods_of(shop, brief("clearance", offer=OfferSpec(kind="percent_off", value=20)))
    assert found is not None
    # 20 cushions at 2 in 90 days last 900 days; the lantern would sell below cost, the vase never sold, P7 is gone
    assert found.product_ids == ("P1", "P3", "P6") and found.value == 50 * 4 + 20 * 10 + 30 * 5
    rows = {r[0]: r[1:] for r in found.table.rows}
    assert rows["P3"] == ["Linen Cushion", 20, 2, 900, 59, 25.0, 20.0, 10.0, 200.0]
    assert rows["P6"][2:5] == [0, None, None] and "1 more would sell below cost" in found.note
    without = goods_of(shop, brief("clearance"))
    assert without is not None and without.product_ids == ("P4", "P1", "P3", "P6")


def test_a_clearance_binds_its_offer_to_them_and_shows_those_that_suit_first(shop: Snapshot, tmp_path: Path) -> None:
    asked = brief("clearance", offer=OfferSpec(kind="percent_off", value=20), holdout_share=0.0)
    plan = make_plan(shop, asked, rooms(tmp_path), "c-1")
    assert plan.brief.offer.product_ids == ("P1", "P3", "P6")
    assert {tuple(p.product_id for p in picks) for picks in plan.picks.values()} == {("P6", "P1", "P3")}
    drafted = draft_campaign(shop, asked, rooms(tmp_path))
    assert drafted.figures["goods_value"].value == 550 and drafted.words["goods"] == "slow"
    assert "goods_not_chosen" not in [c.code for c in drafted.caveats]
    assert rooms(tmp_path).store.load("c-1").brief.offer.product_ids == ()  # chosen anew on other data


def test_new_goods_are_those_that_came_in_lately(shop: Snapshot) -> None:
    found = goods_of(shop, brief("launch"))
    assert found is not None and found.product_ids == ("P5",) and not found.bounds_offer
    assert found.table.rows[0][2:4] == ["2024-02-18", "launch date"]


def test_named_goods_and_unknown_stock_choose_nothing(shop: Snapshot, tmp_path: Path) -> None:
    assert goods_of(shop, brief("clearance", offer=OfferSpec(kind="percent_off", value=10, category="Garden"))) is None
    tables = tiny_tables()
    tables["products"] = tables["products"].drop(columns="stock")
    write_snapshot(tmp_path / "no_stock", tables, source="tests", currency="EUR")
    assert goods_of(open_snapshot(tmp_path / "no_stock"), brief("clearance")) is None


def test_each_one_gets_products_of_the_category_they_order_most(tmp_path: Path) -> None:
    shop = tiny_shop(tmp_path)
    liked = favourite_categories(shop, ["C1", "C2", "C5", "nobody"])
    assert liked == {"C1": "Homeware", "C2": "Kitchen", "C5": "Garden"}
    asked: list[tuple[tuple[str, ...], str | None]] = []

    def pick(ids: list[str], k: int, category: str | None) -> dict[str, list[Pick]]:
        asked.append((tuple(ids), category))
        return {i: [Pick("P1")] * k for i in ids}

    found = picks_of_favourites(shop, ["C1", "C2", "nobody"], 2, pick)  # type: ignore[arg-type]
    assert set(asked) == {(("C1",), "Homeware"), (("C2",), "Kitchen"), (("nobody",), None)} and len(found) == 3
