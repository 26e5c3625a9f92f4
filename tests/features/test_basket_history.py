"""Orders in sequence, worked out on the tiny shop by hand."""

from datetime import date

import numpy as np
import pandas as pd

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.features.basket_history import BasketHistory, as_counts, as_history
from assistant.features.interactions import day_number, interactions, interactions_from_pairs
from tests.support.tiny_shop import tiny_shop, tiny_tables


def test_orders_of_each_customer_on_paper(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    history = data.history
    # C1: O1 {P1, P3}, O5 {P3}, O10 {P2, P5}; C2: O2 {P5}, O9 {P1}; C3: O3; C4: O7; C5: O8
    assert history.sizes.tolist() == [3, 2, 1, 1, 1]
    assert history.lines[:5].toarray().tolist() == [
        [1, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 1], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
    assert history.days[:3].tolist() == [day_number(d) for d in (
        date(2023, 11, 3), date(2024, 1, 10), date(2024, 3, 9))]
    assert history.ages.tolist() == [2, 1, 0, 1, 0, 0, 0, 0]


def test_counts_are_those_of_the_matrix(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    assert (data.history.counts.toarray() == data.matrix.toarray()).all()
    assert data.history.indices.tolist() == data.matrix.indices.tolist()
    assert data.history.shape == data.matrix.shape and data.history.nnz == data.matrix.nnz


def test_nothing_after_until_is_read(tmp_path):
    history = interactions(tiny_shop(tmp_path), until=date(2023, 12, 31)).history
    assert history.sizes.tolist() == [1, 1, 1] and history.days.max() <= day_number(date(2023, 12, 31))


def test_wholly_returned_products_and_repeated_lines(tmp_path):
    tables = tiny_tables()
    lines = tables["order_lines"]
    back = lines.query("order_id == 'O8'").assign(line_id="L98", line_type="return", quantity=-2, amount=-76.0)
    again = lines.query("order_id == 'O2'").assign(line_id="L97")
    tables["order_lines"] = pd.concat([lines, back, again])
    write_snapshot(tmp_path, tables, source="tests")
    data = interactions(open_snapshot(tmp_path))
    assert data.history.sizes[data.user_positions(["C5"])[0]] == 0
    assert data.history.data.tolist() == data.matrix.data.tolist()


def test_orders_of_one_moment_keep_the_order_of_their_ids(tmp_path):
    tables = tiny_tables()
    lines = tables["order_lines"]
    for name in ("order_lines", "orders"):
        frame = tables[name]
        frame.loc[frame["order_id"] == "O10", "ordered_at"] = pd.Timestamp("2024-01-10 10:00")
    tables["order_lines"] = lines.sort_values("line_id", ascending=False, ignore_index=True)
    write_snapshot(tmp_path, tables, source="tests")
    history = interactions(open_snapshot(tmp_path)).history
    assert history.lines[:3].toarray().tolist() == [[1, 0, 1, 0, 0], [0, 1, 0, 0, 1], [0, 0, 1, 0, 0]]


def test_counts_alone_become_one_order_each():
    data = interactions_from_pairs(["A", "A", "B"], ["X", "Y", "X"], counts=[3, 1, 1], last_days=[5, 9, 2])
    history = data.history
    assert history.sizes.tolist() == [1, 1] and history.days.tolist() == [9, 2]
    assert history.counts.toarray().tolist() == data.matrix.toarray().tolist() == [[3, 1], [1, 0]]


def test_picking_customers_and_leaving_out_products(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    picked = data.history.take(np.array([1, -1, 0]))
    assert picked.sizes.tolist() == [2, 0, 3]
    assert picked.counts.toarray().tolist() == [[1, 0, 0, 0, 1], [0] * 5, [1, 1, 2, 0, 1]]
    assert data.history[1:3].sizes.tolist() == [2, 1] and data.history[[0]].nnz == 4
    without = picked.without(2)
    assert without.sizes.tolist() == [2, 0, 3] and without.counts.toarray()[2].tolist() == [1, 1, 0, 0, 1]


def test_only_some_pairs(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    dense = data.matrix.toarray()
    dense[0] = [0, 1, 0, 0, 1]  # C1 keeps what the latest order holds; the two orders before fall away
    kept = type(data.matrix)(dense)
    part = data.history.within(kept)
    assert part.sizes.tolist() == [1, 2, 1, 1, 1] and part.counts.toarray().tolist() == dense.tolist()
    assert part.days[0] == day_number(date(2024, 3, 9)) and data.history.within(data.matrix) is data.history


def test_copies_without_one_product_each(tmp_path):
    history = interactions(tiny_shop(tmp_path)).history.take(np.array([0]))
    copies = history.each_without(history.indices)
    assert copies.sizes.tolist() == [3, 3, 3, 3]
    assert copies.counts.toarray().tolist() == [[0, 1, 2, 0, 1], [1, 0, 2, 0, 1], [1, 1, 0, 0, 1], [1, 1, 2, 0, 0]]
    assert (copies.lines[3:6].toarray() == history.without(1).lines.toarray()).all()


def test_a_basket_becomes_the_latest_order(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    baskets = data.matrix[[3, 0]] * 0
    baskets = type(baskets)((np.ones(1, np.float32), [3], [0, 1, 1]), shape=(2, 5))
    more = data.history.take(np.array([1, 4])).with_orders(baskets, day=20_000)
    assert more.sizes.tolist() == [3, 1] and more.days.tolist()[2] == 20_000
    assert more.lines.toarray().tolist() == [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]]


def test_rows_as_history_and_as_counts(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    assert as_history(data.history) is data.history and as_counts(data.matrix) is data.matrix
    basket = as_history(data.basket(["P1", "P4"]))
    assert isinstance(basket, BasketHistory) and basket.sizes.tolist() == [1]
    assert as_counts(basket).toarray().tolist() == [[1, 0, 0, 1, 0]]
    assert as_history(data.basket([])).sizes.tolist() == [0]
