from datetime import date

import pandas as pd
import pytest

from assistant.data.warehouse import open_snapshot, write_snapshot
from assistant.features.rfm import left_out_of_rfm, rfm
from tests.support.tiny_shop import tiny_shop, tiny_tables


@pytest.fixture
def shop(tmp_path):
    return tiny_shop(tmp_path)


def test_figures_on_paper(shop):
    frame = rfm(shop).set_index("customer_id")
    assert list(frame.index) == ["C1", "C2", "C3", "C4", "C5"]
    assert frame["days_since_last_order"].to_dict() == {"C1": 0, "C2": 8, "C3": 95, "C4": 36, "C5": 24}
    assert frame["order_count"].to_dict() == {"C1": 3, "C2": 2, "C3": 1, "C4": 1, "C5": 1}
    assert frame["monetary_value"].to_dict() == {"C1": 116.0, "C2": 31.0, "C3": 18.0, "C4": 40.0, "C5": 76.0}
    assert str(frame.loc["C1", "first_order"])[:10] == "2023-11-03"


def test_net_takes_returns_off(shop):
    frame = rfm(shop, basis="net").set_index("customer_id")
    assert frame.loc["C1", "monetary_value"] == 91.0
    assert frame.loc["C1", "order_count"] == 3  # a return is not an order


def test_nothing_after_as_of_leaks(shop):
    frame = rfm(shop.at(date(2024, 1, 31))).set_index("customer_id")
    assert set(frame.index) == {"C1", "C2", "C3"}
    assert frame.loc["C1", ["order_count", "monetary_value", "days_since_last_order"]].tolist() == [2, 95.0, 21]


def test_guests_never_buyers_and_returns_only_are_counted(tmp_path):
    tables = tiny_tables()
    tables["customers"] = pd.concat([tables["customers"], pd.DataFrame({"customer_id": ["C6", "C7"]})])
    back = tables["order_lines"].query("line_type == 'return'").assign(customer_id="C7", line_id="L99", order_id="O6b")
    tables["order_lines"] = pd.concat([tables["order_lines"], back])
    write_snapshot(tmp_path, tables, source="tests")
    snapshot = open_snapshot(tmp_path)
    left = left_out_of_rfm(snapshot)
    assert (left.guest_orders, left.guest_revenue, left.never_bought, left.returns_only) == (1, 40.0, 1, 1)
    assert left.total_revenue == 321.0
    assert "C7" not in set(rfm(snapshot)["customer_id"])


def test_only_guests_gives_no_rows(tmp_path):
    tables = tiny_tables()
    for name in ("orders", "order_lines"):
        tables[name] = tables[name].assign(customer_id=None)
    write_snapshot(tmp_path, tables, source="tests")
    assert rfm(open_snapshot(tmp_path)).empty
