"""Product search over the tiny shop, with the embedder the program ships with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import InvalidPlan, MissingData, NoRows, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.plans.requests import ProductSearchRequest
from assistant.results import Result
from assistant.retrieval.embedders import load_embedder
from assistant.retrieval.offers import read_offers
from assistant.retrieval.product_index import ProductIndex, open_index
from assistant.retrieval.search import search_products
from assistant.settings import Settings
from tests.support.tiny_shop import tiny_tables

EMBEDDER = load_embedder()  # loads its weights at the first use, once for all tests here


def shop(folder: Path, tables: dict[str, pd.DataFrame]) -> tuple[Snapshot, ProductIndex]:
    write_snapshot(folder / "snapshots", tables, source="tests", currency="EUR")
    snapshot = open_snapshot(folder / "snapshots")
    with pytest.MonkeyPatch.context() as patch:  # so small a catalogue is searched in memory: its store is not built
        patch.setattr(ProductIndex, "start_maintenance", lambda self: None)
        return snapshot, open_index(snapshot, Settings(home=folder), EMBEDDER)


@pytest.fixture(scope="module")
def tiny_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Snapshot, ProductIndex]]:
    yield shop(tmp_path_factory.mktemp("search"), tiny_tables())


def bare_tables() -> dict[str, pd.DataFrame]:
    """The tiny shop with names only, as Online Retail II has them."""
    tables = tiny_tables()
    tables["products"] = tables["products"][["product_id", "name"]].assign(name=lambda p: p["name"].str.upper())
    return tables


@pytest.fixture(scope="module")
def bare_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Snapshot, ProductIndex]]:
    yield shop(tmp_path_factory.mktemp("bare"), bare_tables())


def run(opened: tuple[Snapshot, ProductIndex], **request: Any) -> Result:
    return search_products(*opened, ProductSearchRequest(**request))


def found(result: Result) -> list[str]:
    table = result.table("products")
    return [row[table.column_index("product_id")] for row in table.rows]


def codes(result: Result) -> list[str]:
    return [c.code for c in result.caveats]


def test_words_find_the_product(tiny_index) -> None:
    assert found(run(tiny_index, text="red mug"))[0] == "P1"
    assert set(found(run(tiny_index, text="mug"))) == {"P1", "P2"}
    assert found(run(tiny_index, text="something soft for the sofa"))[0] == "P3"


def test_result_carries_price_stock_and_evidence(tiny_index) -> None:
    result = run(tiny_index, text="red mug")
    table = result.table("products")
    assert table.cell(0, "price") == 10.0
    assert table.cell(0, "stock") == 50
    assert table.cell(0, "units_sold") == 7
    assert result.currency == "EUR"
    assert result.figures["best_price"].value == 10.0
    assert result.evidence.plan["text"] == "red mug"
    assert result.evidence.rows_scanned == 5
    assert result.evidence.as_of == date(2024, 3, 9)
    assert any(d.term == "price" and "list price" in d.meaning for d in result.evidence.definitions)
    assert result.evidence.sql


def test_like_the_red_mug_but_cheaper(tiny_index) -> None:
    result = run(tiny_index, text="red mug", relative_price="cheaper")
    assert found(result) == ["P2"]
    assert result.figures["anchor_price"].value == 10.0
    assert result.table("products").cell(0, "price_difference") == -2.0
    assert any("Red Mug (P1)" in a for a in result.evidence.assumptions)
    assert "search_best_out_of_stock" in codes(result)
    reply = compose([result])
    assert "to mean Red Mug (€10.00)" in reply.text
    assert "Blue Mug at €8.00" in reply.text
    assert {n.value for n in reply.numbers} == {10.0, 8.0}


def test_dearer_keeps_only_dearer_products(tiny_index) -> None:
    assert found(run(tiny_index, text="blue mug", relative_price="dearer"))[0] == "P1"
    with pytest.raises(NoRows, match="not dearer"):
        run(tiny_index, text="red mug", relative_price="dearer")


def test_a_product_by_id_leaves_itself_out(tiny_index) -> None:
    result = run(tiny_index, like_product_id="p1")
    assert found(result) == ["P2"]
    assert result.details["anchor"] == {"product_id": "P1", "name": "Red Mug"}
    assert result.evidence.assumptions == []


def test_filters(tiny_index) -> None:
    assert found(run(tiny_index, text="mug", max_price=9)) == ["P2"]
    assert found(run(tiny_index, text="mug", min_price=9)) == ["P1"]
    in_stock = run(tiny_index, text="mug", in_stock_only=True)
    assert found(in_stock) == ["P1"]
    assert in_stock.table("left_out").rows == [["out of stock", 1]]
    assert any("out of stock" in c.text for c in caveat_texts(in_stock))
    assert found(run(tiny_index, text="metal lantern for candles", category="garden")) == ["P4"]


def test_words_that_products_must_or_must_not_have(tiny_index) -> None:
    assert found(run(tiny_index, text="mug", without=("red",))) == ["P2"]
    assert found(run(tiny_index, text="mug", containing=("red",))) == ["P1"]
    result = run(tiny_index, text="mug", without=("red",))
    assert ["with the word 'red'", 1] in result.table("left_out").rows
    assert "without the word 'red'" in compose([result]).text
    assert any("description" in a for a in result.evidence.assumptions)
    with pytest.raises(NoRows, match="bamboo"):
        run(tiny_index, text="mug", containing=("bamboo",))
    assert "search_unknown_words" in codes(run(tiny_index, text="mug", without=("bamboo",)))


def test_a_filter_word_is_spelt_as_the_catalogue_spells_it(tiny_index) -> None:
    result = run(tiny_index, category="garden", containing=("lanternn",))
    assert found(result) == ["P4"]
    assert result.details["corrections"] == {"lanternn": "lantern"}


def test_filters_alone_give_all_that_pass(tiny_index) -> None:
    result = run(tiny_index, category="Kitchen")
    assert set(found(result)) == {"P1", "P2", "P5"}
    assert found(result)[0] == "P1"  # sold more
    assert "match" not in {c.name for c in result.table("products").columns}
    assert "Only: category Kitchen" in compose([result]).text
    with pytest.raises(UnknownName, match="brand"):
        run(tiny_index, text="mug", brand="Nowhere")


def test_sorting_counts_only_what_was_asked_for(tiny_index) -> None:
    assert found(run(tiny_index, text="mug", sort="cheapest")) == ["P2", "P1"]
    assert found(run(tiny_index, text="mug", sort="dearest")) == ["P1", "P2"]
    sold = run(tiny_index, text="mug", sort="best_selling")
    assert found(sold) == ["P1", "P2"]
    assert any(d.term == "best-selling" for d in sold.evidence.definitions)
    newest = run(tiny_index, category="Kitchen", sort="newest")
    days = [newest.table("products").cell(i, "since") for i in range(2)]
    assert days == sorted(days, reverse=True)


def test_what_is_left_beside_the_filters_is_called_that(tiny_index) -> None:
    result = run(tiny_index, text="red mug", max_price=9)
    assert "search_beside" in codes(result)
    assert found(result) == ["P2"]


def test_filters_that_leave_nothing_say_which(tiny_index) -> None:
    with pytest.raises(NoRows, match="above the highest price"):
        run(tiny_index, text="mug", max_price=1)
    with pytest.raises(InvalidPlan):
        run(tiny_index, text="mug", min_price=5, max_price=4)


def test_misspelling_is_corrected_and_said(tiny_index) -> None:
    result = run(tiny_index, text="lantren")
    assert found(result)[0] == "P4"
    assert result.details["corrections"] == {"lantren": "lantern"}
    assert "'lantren' as 'lantern'" in compose([result]).text


def test_unknown_things_are_named_with_the_nearest(tiny_index) -> None:
    with pytest.raises(UnknownName) as category:
        run(tiny_index, text="mug", category="Kichen")
    assert category.value.valid[0] == "Kitchen"
    with pytest.raises(UnknownName) as product:
        run(tiny_index, like_product_id="P77")
    assert product.value.received == "P77"
    assert len(product.value.valid) == 3
    with pytest.raises(NoRows, match="xqzzt"):
        run(tiny_index, text="xqzzt vrrrgh")
    for far in ("xqzzt vrrrgh", "black t-shirt", "laptop charger"):
        with pytest.raises(UnknownName):  # never compared with a product that was hardly meant
            run(tiny_index, text=far, relative_price="cheaper")


def test_words_that_no_product_has_are_said(tiny_index) -> None:
    result = run(tiny_index, text="mug dishwasher")
    assert "search_unknown_words" in codes(result)
    assert any("dishwasher" in c.text for c in caveat_texts(result))


def test_shop_without_list_prices_uses_the_last_price_paid(bare_index) -> None:
    result = run(bare_index, text="red mug")
    table = result.table("products")
    assert table.cell(0, "price") == 11.0  # order O9, the last sale of P1
    assert table.columns[table.column_index("price")].label == "Last price paid"
    assert "search_price_last_paid" in codes(result)
    assert {"stock", "category"}.isdisjoint(c.name for c in table.columns)


def test_prices_are_those_of_the_analysis_date(bare_index) -> None:
    snapshot, index = bare_index
    earlier = snapshot.at(date(2023, 12, 31))
    result = search_products(earlier, index, ProductSearchRequest(text="red mug"))
    assert result.table("products").cell(0, "price") == 10.0
    assert result.table("products").cell(0, "units_sold") == 3


def test_the_last_price_paid_is_called_what_it_is_and_follows_the_analysis_date(tmp_path: Path) -> None:
    snapshot, index = shop(tmp_path, bare_tables())
    result = run((snapshot, index), text="red mug")
    assert "search_price_last_paid" in codes(result)
    assert result.table("products").cell(0, "price") == 11.0
    earlier = search_products(snapshot.at(date(2024, 2, 15)), index, ProductSearchRequest(text="red mug"))
    assert earlier.table("products").cell(0, "price") == 10.0


def test_filters_without_their_columns_name_them(bare_index) -> None:
    with pytest.raises(MissingData, match="products.stock"):
        run(bare_index, text="mug", in_stock_only=True)
    with pytest.raises(MissingData, match="products.category"):
        run(bare_index, text="mug", category="Kitchen")


def test_cheaper_on_a_bare_shop(bare_index) -> None:
    result = run(bare_index, text="red mug", relative_price="cheaper")
    assert found(result)[0] == "P2"
    assert result.figures["anchor_price"].value == 11.0


def test_unlaunched_and_discontinued_products_are_left_out(tmp_path: Path) -> None:
    tables = tiny_tables()
    tables["products"]["discontinued_at"] = pd.to_datetime([None, "2024-01-01", None, None, None]).date
    result = run(shop(tmp_path, tables), text="mug")
    assert found(result) == ["P1"]
    assert result.table("left_out").rows == [["not on sale", 1]]


def test_ties_go_to_the_product_that_sells(tmp_path: Path) -> None:
    tables = bare_tables()
    tables["products"] = pd.concat([tables["products"], pd.DataFrame(
        {"product_id": ["P0"], "name": ["RED MUG"]})], ignore_index=True)
    result = run(shop(tmp_path, tables), text="red mug", relative_price="cheaper")
    assert result.details["anchor"]["product_id"] == "P1"


def test_repeated_searches_read_the_orders_once(tiny_index, monkeypatch) -> None:
    run(tiny_index, text="mug")
    monkeypatch.setattr("assistant.retrieval.search.read_offers", lambda *_: pytest.fail("read again"))
    run(tiny_index, text="cushion")


def test_a_large_catalogue_gives_the_same_best_matches(tmp_path: Path) -> None:
    tables = tiny_tables()
    write_snapshot(tmp_path / "snapshots", tables, source="tests")
    snapshot = open_snapshot(tmp_path / "snapshots")
    large = open_index(snapshot, Settings(home=tmp_path), EMBEDDER, exact_limit=0)
    large.wait(120)
    assert large.engine == "chroma"
    for text in ("red mug", "lantern", "something soft"):
        request = ProductSearchRequest(text=text)
        small = ProductIndex(large.catalogue, large.vectors, EMBEDDER)
        assert found(search_products(snapshot, large, request)) == found(search_products(snapshot, small, request))


@pytest.mark.slow
def test_online_retail_names(online_retail_snapshot: Snapshot, tmp_path: Path) -> None:
    index = open_index(online_retail_snapshot, Settings(home=tmp_path), EMBEDDER)
    index.close()
    opened = (online_retail_snapshot, index)
    mugs = run(opened, text="red mug", k=10)
    assert all("MUG" in str(row[0]).upper() for row in mugs.table("products").rows)
    cheaper = run(opened, text="red mug", relative_price="cheaper", k=10)
    anchor = cheaper.figures["anchor_price"].value
    prices = [cheaper.table("products").cell(i, "price") for i in range(10)]
    assert all(p < anchor for p in prices)
    assert all("MUG" in str(row[0]).upper() for row in cheaper.table("products").rows[:4])
    assert "CAKESTAND" in str(run(opened, text="regency cake stand").table("products").cell(0, "product"))


@pytest.mark.slow
def test_demo_shop(demo_snapshot: Snapshot, tmp_path: Path) -> None:
    index = open_index(demo_snapshot, Settings(home=tmp_path), EMBEDDER)
    index.close()
    opened = (demo_snapshot, index)
    result = run(opened, text="red mug", relative_price="cheaper", in_stock_only=True)
    table = result.table("products")
    assert all(table.cell(i, "price") < result.figures["anchor_price"].value for i in range(len(table.rows)))
    assert all(table.cell(i, "stock") > 0 for i in range(len(table.rows)))
    offers = read_offers(demo_snapshot, index.catalogue)
    on_sale = [p for p, sold in zip(index.catalogue.products, offers.on_sale, strict=True) if sold]
    assert len(on_sale) > 100
    for product in on_sale[::25]:
        same = {p.product_id for p in on_sale if p.name == product.name}
        assert found(run(opened, text=product.name))[0] in same
