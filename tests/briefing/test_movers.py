"""Products that rose and fell: what was planted is found, what was not is not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from assistant.briefing import movers
from assistant.briefing.movers import moved
from assistant.briefing.windows import windows
from assistant.data.warehouse import Snapshot
from assistant.query.compile import Scope
from tests.support.shop_builder import shop_of

FIRST, WEEKS = date(2025, 1, 6), 56  # a Monday


def shop(folder: Path, seed: int, planted: dict[str, float], seasonal: bool = False) -> Snapshot:
    """Sixty products over fifty-six weeks; ``planted`` multiplies a product's sales in the last four."""
    rng = np.random.default_rng(seed)
    rates = rng.uniform(3, 12, 60)
    orders = []
    for week in range(WEEKS):
        level = rng.gamma(40, 1 / 40) * (1.4 if seasonal and week % 13 == 0 else 1.0)
        for i, rate in enumerate(rates):
            own = rate * level * rng.gamma(12, 1 / 12)  # more than chance alone
            own *= planted.get(f"P{i:02d}", 1.0) if week >= WEEKS - 4 else 1.0
            for _ in range(rng.poisson(own)):
                day = FIRST + timedelta(days=7 * week + int(rng.integers(7)))
                orders.append((f"C{int(rng.integers(400)):03d}", day.isoformat(), [f"P{i:02d}"]))
    orders.append(("C000", (FIRST + timedelta(days=7 * WEEKS - 1)).isoformat(), ["P00"]))
    return shop_of(folder, orders)


def found(snapshot: Snapshot) -> movers.Moved:
    scope = Scope(snapshot)
    stretches = windows(scope, None)
    assert stretches is not None
    return moved(scope, "product", None, stretches)


def test_planted_rise_and_fall_are_found(tmp_path: Path) -> None:
    result = found(shop(tmp_path, 1, {"P05": 4.0, "P07": 0.05}))
    assert [m.key for m in result.up] == ["P05"]
    assert [m.key for m in result.down] == ["P07"]
    assert 50 <= result.tested <= 60
    rise = result.up[0]
    assert rise.orders > rise.orders_before and rise.change == rise.revenue - rise.revenue_before > 0


def test_nothing_planted_is_mostly_nothing_found(tmp_path: Path) -> None:
    """Ten shops without a change: a product is listed in hardly any of them."""
    alarms = 0
    for seed in range(10):
        result = found(shop(tmp_path / str(seed), 100 + seed, {}, seasonal=True))
        alarms += bool(result.up or result.down)
    assert alarms <= 2


def test_a_rise_of_the_whole_shop_is_no_rise_of_its_products(tmp_path: Path) -> None:
    result = found(shop(tmp_path, 3, {f"P{i:02d}": 2.0 for i in range(60)}))
    assert not result.up and not result.down


def test_figures_are_those_of_the_orders(tmp_path: Path) -> None:
    import pandas as pd

    snapshot = shop(tmp_path, 1, {"P05": 4.0})
    lines = snapshot.con.table("order_lines").to_pandas()
    scope = Scope(snapshot)
    stretches = windows(scope, None)
    assert stretches is not None
    rise = found(snapshot).up[0]
    mine = lines[lines["product_id"] == rise.key]
    day = pd.to_datetime(mine["ordered_at"]).dt.date
    for (start, end), orders, revenue in zip(
        stretches.steps[:2], (rise.orders, rise.orders_before), (rise.revenue, rise.revenue_before), strict=True
    ):
        rows = mine[(day >= start) & (day <= end)]
        assert rows["order_id"].nunique() == orders
        assert float(rows["amount"].sum()) == pytest.approx(revenue)
