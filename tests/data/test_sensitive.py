"""Which columns no model and no rule uses, and who objected."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.data.objectors import objectors
from assistant.data.sensitive import allowed_columns, association, codes, is_sensitive, sensitive_columns, trait_of
from assistant.data.warehouse import Snapshot, open_snapshot, write_snapshot
from assistant.errors import NotPermitted
from assistant.plans import Compare
from assistant.query.audience import customer_ids
from tests.support.tiny_shop import tiny_tables


@pytest.mark.parametrize(("column", "trait"), [
    ("gender", "gender"), ("customers.birth_year", "age"), ("x_birthYear", "age"), ("SeniorCitizen", "age"),
    ("x_marital_status", "family"), ("Dependents", "family"), ("is_pregnant", "health"), ("x_mother_tongue", "origin"),
])
def test_columns_that_say_something_of_a_person_are_known_by_name(column: str, trait: str) -> None:
    assert trait_of(column) == trait


@pytest.mark.parametrize("column", ["email", "tenure", "MonthlyCharges", "x_colour", "page_count", "city", "average"])
def test_other_columns_are_not(column: str) -> None:
    assert trait_of(column) is None


def test_a_declared_column_is_sensitive_with_and_without_its_table() -> None:
    assert not is_sensitive("customers.x_diet")
    assert is_sensitive("x_diet", ["customers.x_diet"])
    assert is_sensitive("customers.x_diet", ["X_Diet"])


def test_a_close_proxy_is_set_aside_and_named_with_what_it_stands_for() -> None:
    rng = np.random.default_rng(4)
    gender = rng.choice(["f", "m"], 600)
    title = np.where(rng.random(600) < 0.95, np.where(gender == "f", "Ms", "Mr"), "Dr")
    allowed = allowed_columns({"gender": gender, "title": title, "orders": rng.poisson(3, 600),
                               "spent": rng.gamma(2, 50, 600)})
    assert allowed.use == ("orders", "spent")
    assert allowed.sensitive == ("gender",)
    assert [(p.column, p.of) for p in allowed.proxies] == [("title", "gender")]
    assert allowed.proxies[0].strength > 0.9


def test_a_number_that_follows_age_is_its_proxy() -> None:
    rng = np.random.default_rng(5)
    age = rng.integers(18, 90, 800)
    years = age - 17 + rng.normal(0, 2, 800)
    table = pd.DataFrame({"age": age, "pension": np.maximum(0, age - 64) * 10.0, "years": years})
    assert {p.column for p in allowed_columns(table).proxies} == {"years", "pension"}
    assert allowed_columns(table).use == ()


def test_independent_columns_of_many_values_are_no_proxies() -> None:
    rng = np.random.default_rng(6)
    strength, known = association(codes(rng.choice([f"city {i}" for i in range(80)], 2000)),
                                  codes(rng.choice(["f", "m", None], 2000)))
    assert strength < 0.1
    assert known < 2000


def test_few_known_pairs_say_nothing() -> None:
    assert association(codes([1, 2] * 20), codes(["f", "m"] * 20)) == (0.0, 40)


def _shop(folder: Path) -> Snapshot:
    tables = tiny_tables()
    tables["customers"]["x_religion"] = ["a", "b", None, "a", "b"]
    tables["customers"]["city"] = ["Bonn", "Ulm", "Lyon", "Leeds", "Nice"]
    contacts = [("C1", "email", True, "objection"), ("C2", "email", True, "bounce"), ("C3", "sms", True, None),
                ("C4", "email", False, None)]
    tables["contacts"] = pd.DataFrame(contacts, columns=["customer_id", "channel", "suppressed", "suppressed_reason"])
    write_snapshot(folder, tables, source="tests", currency="EUR")
    return open_snapshot(folder)


def test_columns_of_the_shop_by_name_and_by_declaration(tmp_path: Path) -> None:
    shop = _shop(tmp_path)
    assert sensitive_columns(shop) == ("x_religion",)
    assert sensitive_columns(replace(shop, declared=("city",))) == ("city", "x_religion")


def test_no_rule_selects_by_a_declared_column(tmp_path: Path) -> None:
    shop = _shop(tmp_path)
    rule = Compare(field="city", values=("Bonn",))
    assert customer_ids(shop, rule) == ["C1"]
    with pytest.raises(NotPermitted):
        customer_ids(replace(shop, declared=("customers.city",)), rule)


def test_objectors_are_those_suppressed_for_more_than_a_bad_address(tmp_path: Path, tiny: Snapshot) -> None:
    assert objectors(_shop(tmp_path)) == {"C1", "C3"}
    assert objectors(tiny) == frozenset()
