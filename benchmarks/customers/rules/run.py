"""Mutation test of rules: of all small wrong changes of a rule, how many do its boundary customers notice?

A mutant counts as noticed when it puts at least one of the test customers on the other side than the rule did. Beside
the boundary customers stand, in the same run and in the same number, real customers drawn at random: half from those
whom the rule selects, half from the others. Mutants that nothing can tell from the rule count as not noticed.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.data.demo import build_demo
from assistant.data.warehouse import Snapshot
from assistant.plans import Filter
from assistant.query.agreed.boundary import BoundaryCases, boundary_cases
from assistant.query.agreed.boundary_people import copied, named
from assistant.query.audience import customer_ids
from assistant.settings import load_settings
from assistant.workspace import Workspace
from benchmarks.customers.rules.mutants import mutants
from benchmarks.customers.rules.rules import demo_rules, online_retail_rules
from benchmarks.report import Outcome, Row
from benchmarks.shared_data import data_set

SEED, BAR = 0, 95.0
DEMO_SEED = 11


def run() -> Outcome:
    """Both shops."""
    rows: list[Row] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "demo"
        settings = load_settings(home)
        build_demo(settings, seed=DEMO_SEED)
        measured = [(f"demo shop, seed {DEMO_SEED}", Workspace(settings).snapshot, demo_rules())]
        retail = Workspace(load_settings(Path(folder) / "retail"))
        retail.load([data_set("online_retail_ii", "online_retail_ii.parquet")])
        measured.append(("Online Retail II", retail.snapshot, online_retail_rules()))
        for name, snapshot, rules in measured:
            found, missed = _measure(name, snapshot, rules)
            rows += found
            notes += missed
    return Outcome(family="customers.rules", rows=rows, data="demo shop; Online Retail II (UCI 502)",
                   seed=f"random customers {SEED}", packages=("duckdb", "ibis-framework"), notes=notes)


def _measure(name: str, snapshot: Snapshot, rules: Sequence[Filter]) -> tuple[list[Row], list[str]]:
    caught, random_caught, total = 0, 0, 0
    missed: Counter[str] = Counter()
    each: list[str] = []
    seconds: list[float] = []
    sizes: list[int] = []
    for number, rule in enumerate(rules):
        started = time.perf_counter()
        cases = boundary_cases(snapshot, rule)
        seconds.append(time.perf_counter() - started)
        sizes.append(len([c for c in cases.cases if c.kind != "filler"]))
        expected = cases.selected(snapshot, rule)
        assert expected == {c.id for c in cases.cases if c.expected}
        drawn = _at_random(snapshot, rule, sizes[-1], number)
        drawn_expected = drawn.selected(snapshot, rule)
        for what, mutant in mutants(rule):
            total += 1
            hit = cases.selected(snapshot, mutant) != expected
            caught += hit
            random_caught += drawn.selected(snapshot, mutant) != drawn_expected
            if not hit:
                missed[what] += 1
                each.append(f"{name}, not noticed: {what} in rule {number + 1}")
    share, naive = 100 * caught / total, 100 * random_caught / total
    rows = [
        Row(f"{name}: mutants noticed", f"{share:.1f} % of {total:,} ({len(rules)} rules)",
            f"{naive:.1f} % (random customers)",
            bar=f"≥ {BAR:.0f} %", met=share >= BAR),
        Row(f"{name}: boundary customers per rule", f"median {np.median(sizes):.0f}, at most {max(sizes)}"),
        Row(f"{name}: seconds to make them", f"median {np.median(seconds):.2f}, at most {max(seconds):.2f}"),
    ]
    return rows, each


def _at_random(snapshot: Snapshot, rule: Filter, n: int, number: int) -> BoundaryCases:
    """As many real customers as there are boundary ones, unchanged."""
    from assistant.query.agreed.boundary import _shared, _with_models

    rng = np.random.default_rng([SEED, number])
    inside = customer_ids(snapshot, rule)
    others = sorted(set(customer_ids(snapshot, None)) - set(inside))
    picked = [str(c) for part in (inside, others) if part
              for c in rng.choice(part, min(max(n // 2, 1), len(part)), replace=False)]
    people = dict(zip(picked, _with_models(snapshot, rule, copied(snapshot, picked)), strict=True))
    rows: dict[str, list] = {}
    groups: dict[str, list[str]] = {}
    predicted: dict[str, dict[str, float | None]] = {}
    for customer, person in people.items():
        for table, mine in named(person, customer).items():
            rows.setdefault(table, []).extend(mine)
        for key in person.groups:
            groups.setdefault(key, []).append(customer)
        for attribute, value in person.predicted.items():
            predicted.setdefault(attribute, {})[customer] = value
    return BoundaryCases((), rows, _shared(snapshot, rows), snapshot.as_of, groups, predicted)
