from datetime import date

import numpy as np
import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.errors import MissingData
from assistant.features.interactions import day_number, interactions, interactions_from_pairs
from tests.support.tiny_shop import tiny_shop, tiny_tables


def test_matrix_on_paper(tmp_path):
    data = interactions(tiny_shop(tmp_path))
    assert data.user_ids.tolist() == ["C1", "C2", "C3", "C4", "C5"]
    assert data.item_ids.tolist() == ["P1", "P2", "P3", "P4", "P5"]
    assert data.matrix.dtype == np.float32
    assert data.matrix.toarray().tolist() == [
        [1, 1, 2, 0, 1], [1, 0, 0, 0, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 1], [0, 0, 0, 1, 0]
    ]
    cushion = data.matrix[[0]].indices.tolist().index(2)
    assert data.first_days[cushion] == day_number(date(2023, 11, 3))
    assert data.last_days[cushion] == day_number(date(2024, 1, 10))
    assert data.user_last_days()[1] == day_number(date(2024, 3, 1))


def test_until_cuts_the_future(tmp_path):
    shop = tiny_shop(tmp_path)
    data = interactions(shop, until=date(2023, 12, 31))
    assert data.user_ids.tolist() == ["C1", "C2", "C3"] and data.until == date(2023, 12, 31)
    assert interactions(shop, until=date(2030, 1, 1)).matrix.nnz == interactions(shop).matrix.nnz
    with pytest.raises(MissingData):
        interactions(shop, until=date(2020, 1, 1))


def test_wholly_returned_pairs_leave_the_matrix(tmp_path):
    tables = tiny_tables()
    lines = tables["order_lines"]
    back = lines.query("order_id == 'O8'").assign(line_id="L98", line_type="return", quantity=-2, amount=-76.0)
    tables["order_lines"] = pd.concat([lines, back])
    write_snapshot(tmp_path, tables, source="tests")
    data = interactions(open_snapshot(tmp_path))
    user, item = data.user_positions(["C5"])[0], data.item_positions(["P4"])[0]
    assert data.matrix[[user]].nnz == 0 and data.returned.toarray()[user, item]


def test_duplicate_lines_in_one_order_count_once(tmp_path):
    tables = tiny_tables()
    again = tables["order_lines"].query("order_id == 'O2'").assign(line_id="L97")
    tables["order_lines"] = pd.concat([tables["order_lines"], again])
    write_snapshot(tmp_path, tables, source="tests")
    data = interactions(open_snapshot(tmp_path))
    assert data.matrix.toarray()[1].tolist() == [1, 0, 0, 0, 1]


def test_equal_pairs_add_up_and_unknown_ids_are_minus_one():
    data = interactions_from_pairs(["B", "A", "B"], ["Y", "X", "Y"], last_days=[3, 1, 7], first_days=[3, 1, 7])
    assert data.matrix.toarray().tolist() == [[1, 0], [0, 2]]
    assert data.last_days.tolist() == [1, 7] and data.first_days.tolist() == [1, 3]
    assert data.user_positions(["B", "Z", ""]).tolist() == [1, -1, -1]
    assert data.basket(["Y", "nothing", "Y"]).toarray().tolist() == [[0, 1]]


def test_empty():
    data = interactions_from_pairs([], [])
    assert data.matrix.shape == (0, 0) and data.user_positions(["A"]).tolist() == [-1]
