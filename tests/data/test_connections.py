"""Connections by URL: the canonical tables may sit on another engine."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from assistant.data import connections
from assistant.data.connections import connect, open_external, redact, table_names
from assistant.errors import EmptyData, MappingError, MissingExtra, UnreadableFile
from tests.data.loading import write
from tests.support.tiny_shop import tiny_shop, tiny_tables


def test_a_snapshot_over_an_external_database(tmp_path):
    shop = tiny_shop(tmp_path)
    file = next(tmp_path.glob("*.duckdb"))
    outside = open_external(f"duckdb:///{file}", currency="EUR")
    assert outside.manifest.tables == shop.manifest.tables
    assert (outside.manifest.first_day, outside.manifest.last_day) == (shop.manifest.first_day, shop.manifest.last_day)
    assert outside.currency == "EUR"
    assert outside.has("products", "cost")
    assert not outside.has("contacts")
    total = lambda s: s.execute(s.table("order_lines").amount.sum().cast("float64").name("r").as_table()).to_pylist()  # noqa: E731
    assert total(outside) == total(shop)


def test_sqlite_with_only_the_required_columns(tmp_path):
    import sqlite3

    frames = tiny_tables()
    with sqlite3.connect(tmp_path / "s.sqlite") as con:
        for name in ("orders", "order_lines"):
            frames[name].to_sql(name, con, index=False)
    con.close()
    assert table_names(connect(f"sqlite:///{tmp_path}/s.sqlite")) == ["order_lines", "orders"]


def test_tables_without_required_columns_are_refused(tmp_path):
    import duckdb

    con = duckdb.connect(str(tmp_path / "x.duckdb"))
    con.execute("CREATE TABLE orders AS SELECT '1' AS order_id").fetchall()
    con.close()
    with pytest.raises(MappingError, match="lacks required columns"):
        open_external(f"duckdb:///{tmp_path}/x.duckdb", currency="EUR")
    duckdb.connect(str(tmp_path / "y.duckdb")).close()
    with pytest.raises(EmptyData):
        open_external(f"duckdb:///{tmp_path}/y.duckdb", currency="EUR")


@pytest.mark.parametrize("backend", ["postgres", "trino", "bigquery", "snowflake", "pyspark"])
def test_a_driver_that_is_not_installed_names_its_extra(monkeypatch, backend):
    import ibis

    def absent(*args, **kwargs):
        raise ImportError(f"no driver for {backend}")

    monkeypatch.setattr(ibis, "connect", absent)
    monkeypatch.setattr(connections, "_spark_session", absent)
    with pytest.raises(MissingExtra, match=rf"marketing-assistant\[{backend}\]"):
        connect(f"{backend}://user:secret@host/db")


def test_every_driver_that_may_be_missing_is_an_extra():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    built_in = {"duckdb", "sqlite"}
    assert set(connections.BACKENDS.values()) - built_in <= set(project["optional-dependencies"])


def test_what_cannot_be_opened_is_said_without_the_password(tmp_path, monkeypatch):
    import ibis

    def refuse(url):
        raise OSError(f"could not reach {url}")

    monkeypatch.setattr(ibis, "connect", refuse)
    with pytest.raises(UnreadableFile) as error:
        connect("postgres://user:secret@host/db?sslmode=require")
    assert "secret" not in str(error.value)
    assert redact("postgres://user:secret@host/db?x=1") == "postgres://…@host/db"
    with pytest.raises(UnreadableFile, match="not a readable"):
        connect(f"sqlite:///{write(tmp_path / 'x.sqlite', b'no database at all' * 100)}")
    with pytest.raises(UnreadableFile, match="not a readable"):
        connect(f"duckdb:///{tmp_path / 'x.sqlite'}")
