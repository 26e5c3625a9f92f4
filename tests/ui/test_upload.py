"""Own data: columns shown and corrected, old data kept, one clear line for each problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import EmptyData
from assistant.settings import load_settings
from assistant.ui import upload
from assistant.ui.texts import Texts
from tests.support.aio import run_async
from tests.support.fake_assistant import FakeDesk, FakeShop
from tests.support.hostile import HOSTILE
from tests.ui.test_markup import seen

MAPPING = {"Invoice": "order_lines.order_id", "When": "order_lines.ordered_at", "Item": "order_lines.product_id",
           "Qty": "order_lines.quantity"}


@pytest.fixture
def desk(tmp_path: Path) -> FakeDesk:
    return FakeDesk(tmp_path, FakeShop())


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("Invoice,When,Item,Qty\n1,2024-01-01,P1,2\n", encoding="utf-8")
    return path


def run_load(desk: FakeDesk, texts: Texts, path: Path) -> list[tuple[str, object]]:
    async def run() -> list[tuple[str, object]]:
        return [step async for step in upload.Loading(desk, texts).load([path], MAPPING)]

    return run_async(run())


def test_files_move_into_the_sessions_own_folder(tmp_path: Path, texts: Texts, csv: Path):
    settings = load_settings(tmp_path / "home")
    [moved] = upload.take_files(settings, texts, "abc/../x", [csv])
    assert moved == settings.uploads_dir / "session-abcx" / "orders.csv"
    assert not csv.exists()
    upload.drop_session(settings, "abc/../x")
    assert not moved.exists()


def test_a_file_over_the_limit_is_one_line(tmp_path: Path, texts: Texts):
    big = tmp_path / "big.csv"
    big.write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(upload.RejectedUpload, match=r"big\.csv is larger than the limit of 1 MB"):
        upload.take_files(load_settings(tmp_path, max_upload_mb=1), texts, "s", [big])


def test_preview_shows_every_column_with_its_guess(texts: Texts, desk: FakeDesk, csv: Path):
    html = upload.render_preview(texts, desk.preview_load([csv]))
    assert html.count("<select") == 4
    assert '<option value="order_lines.order_id" selected>order id (order lines)</option>' in html
    page = seen(html)
    assert "2 rows have no customer." in page.text
    assert "No column for quantity (order lines): it is needed." in page.text
    assert "No column is taken for customer id (order lines)" in page.text
    assert "No column is taken for order id" not in page.text
    assert '<optgroup label="order lines">' in html


def test_choices_begin_with_what_orders_need(texts: Texts):
    assert sorted(["campaigns.kind", "products.name", "order_lines.unit_price", "other"], key=upload._target_order) == [
        "order_lines.unit_price", "products.name", "campaigns.kind", "other"]


def test_examples_with_decimal_commas_stay_apart(texts: Texts):
    column = upload.ColumnProposal("Preis", None, 0.0, "", ("8,75", "18,16"))
    preview = upload.LoadPreview((Path("a.csv"),), None, (column,), 2)
    assert "8,75 · 18,16" in upload.render_preview(texts, preview)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_column_names_stay_text(texts: Texts, text: str):
    column = upload.ColumnProposal(text, text, 0.5, text, (text,))
    preview = upload.LoadPreview((Path("a.csv"),), text, (column,), 1, (text,), (text,), (text,))
    page = seen(upload.render_preview(texts, preview))
    assert page.tags <= {"form", "h3", "h4", "p", "div", "table", "thead", "tbody", "tr", "th", "td", "select",
                         "option", "optgroup", "span", "ul", "li", "button", "label", "input", "datalist"}
    assert not any(name.startswith("on") for name in page.attributes)


def test_mapping_is_checked_before_loading(texts: Texts, desk: FakeDesk, csv: Path):
    preview = desk.preview_load([csv])
    assert upload.check_mapping(texts, preview, MAPPING) is None
    missing = upload.check_mapping(texts, preview, {**MAPPING, "Qty": None})
    assert missing == "Choose which column holds: quantity (order lines)"
    twice = upload.check_mapping(texts, preview, {**MAPPING, "Qty": "order_lines.order_id"})
    assert twice == "Two columns are taken for order id (order lines): Invoice, Qty. Choose one of them."


def test_load_shows_progress_then_the_summary(texts: Texts, desk: FakeDesk, csv: Path):
    steps = run_load(desk, texts, csv)
    assert "<progress" in steps[0][0]
    assert steps[-1][1] is not None
    assert "2 – price missing" in seen(steps[-1][0]).text
    assert desk.loaded == [MAPPING]


def test_failed_load_says_that_the_old_data_stay(
    texts: Texts, desk: FakeDesk, csv: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise EmptyData("The file has no orders")

    monkeypatch.setattr(desk, "load", fail)
    html, summary = run_load(desk, texts, csv)[-1]
    assert summary is None
    assert "The file has no orders" in html
    assert "the previous data are still in use" in html


def test_unexpected_failure_is_logged_and_said(
    texts: Texts, desk: FakeDesk, csv: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(desk, "load", fail)
    html, summary = run_load(desk, texts, csv)[-1]
    assert summary is None
    assert "previous data are still in use" in html
    assert "oops" not in html
    assert "oops" in caplog.text
