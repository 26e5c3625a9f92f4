"""Columns are recognised by names in several languages and by values; corrections win and are remembered."""

from __future__ import annotations

import pytest

from assistant.data.load import load, preview_load
from assistant.data.schema import TABLES
from assistant.data.targets import VIRTUAL, all_targets
from assistant.errors import MappingError
from tests.data.loading import LINES, csv, loaded, revenue, rows, settings_in, write

HEADERS = {
    "English": "Order number,Order date,SKU,Item name,Quantity,Unit price,Customer number,Country",
    "German": "Bestellnummer,Bestelldatum,Artikelnummer,Artikelbezeichnung,Menge,Einzelpreis,Kundennummer,Land",
    "French": "N° commande,Date commande,Référence,Désignation,Quantité,Prix unitaire,Numéro client,Pays",
    "Spanish": "Pedido,Fecha pedido,Código producto,Descripción,Cantidad,Precio unitario,Código cliente,País",
    "Italian": "Numero ordine,Data ordine,Codice articolo,Descrizione,Quantità,Prezzo unitario,Codice cliente,Paese",
    "Dutch": "Ordernummer,Orderdatum,Artikelnummer,Omschrijving,Aantal,Stukprijs,Klantnummer,Land",
    "snake": "order_id,order_date,product_id,product_name,qty,unit_price,customer_id,country",
    "camel": "InvoiceNo,InvoiceDate,StockCode,Description,Quantity,UnitPrice,CustomerID,Country",
}


@pytest.mark.parametrize("language", HEADERS)
def test_names_in_several_languages(tmp_path, language):
    shop = loaded(tmp_path, csv(tmp_path, header=HEADERS[language]))
    assert round(sum(r["amount"] for r in rows(shop, "order_lines")), 2) == 75.5
    assert len(rows(shop, "customers")) == 2


def targets(preview):
    return {c.source: c.target for c in preview.columns}


def test_preview_shows_proposals_with_reasons_and_changes_nothing(tmp_path):
    settings = settings_in(tmp_path)
    preview = preview_load([csv(tmp_path)], settings)
    assert targets(preview)["SKU"] == "order_lines.product_id"
    assert all(c.reason for c in preview.columns)
    assert preview.rows == 4
    assert preview.missing == ()
    assert not list(settings.snapshots_dir.glob("*"))


def test_line_total_is_found_by_its_values(tmp_path):
    lines = ["1,2024-01-01,A,2,1.50,3.00", "1,2024-01-01,B,4,2.00,8.00", "2,2024-01-02,A,3,1.50,4.50"]
    preview = preview_load([csv(tmp_path, lines, "order,date,sku,qty,price,xyz")], settings_in(tmp_path))
    assert targets(preview)["xyz"] == "order_lines.amount"


def test_only_date_and_mail_columns_are_found_by_their_values(tmp_path):
    lines = ["1,2024-01-01,A,2,1.50,a@example.org", "2,2024-01-02,B,4,2.00,b@example.org"]
    preview = preview_load([csv(tmp_path, lines, "order,foo,sku,qty,price,bar")], settings_in(tmp_path))
    assert targets(preview)["foo"] == "order_lines.ordered_at"
    assert targets(preview)["bar"] == "contacts.email"
    assert "a@example.org" not in str(preview)


def test_a_name_whose_values_do_not_fit_is_not_believed(tmp_path):
    lines = ["1,2024-01-01,A,two,1.50", "2,2024-01-02,B,four,2.00"]
    preview = preview_load([csv(tmp_path, lines, "order,date,sku,quantity,price")], settings_in(tmp_path))
    assert targets(preview)["quantity"] is None


def test_missing_columns_are_named(tmp_path):
    settings = settings_in(tmp_path)
    path = csv(tmp_path, ["1,A,2", "2,B,3"], "order id,sku,colour")
    assert "order_lines.ordered_at" in preview_load([path], settings).missing
    with pytest.raises(MappingError, match="order_lines.ordered_at") as error:
        load([path], settings)
    assert "colour" in error.value.valid


def test_corrections_win_and_are_reused_for_files_alike(tmp_path):
    settings = settings_in(tmp_path)
    header = "ref,when,thing,label,n,worth,who,where"
    path = csv(tmp_path, header=header)
    mapping = {
        "ref": "order_lines.order_id",
        "when": "order_lines.ordered_at",
        "thing": "order_lines.product_id",
        "label": "products.name",
        "n": "order_lines.quantity",
        "worth": "order_lines.unit_price",
        "who": "order_lines.customer_id",
        "where": None,
    }
    shop = loaded(tmp_path, path, mapping=mapping)
    assert revenue(shop) == 75.5
    assert not shop.has("order_lines", "country")
    again = csv(tmp_path / "later", LINES[:1], header=header)
    preview = preview_load([again], settings)
    assert targets(preview) == mapping
    assert revenue(loaded(tmp_path, again)) == 20.0


def test_a_target_given_to_one_column_is_taken_from_another(tmp_path):
    header = "order,date,sku,qty,price,amount"
    path = csv(tmp_path, ["1,2024-01-01,A,2,1.50,99.00"], header)
    preview = preview_load([path], settings_in(tmp_path), mapping={"amount": "order_lines.unit_price"})
    assert targets(preview)["price"] is None


def test_unknown_column_and_target_name_the_nearest(tmp_path):
    path = csv(tmp_path)
    with pytest.raises(MappingError) as error:
        load([path], settings_in(tmp_path), mapping={"Qty": "order_lines.quantty"})
    assert error.value.valid[0] == "order_lines.quantity"
    with pytest.raises(MappingError) as error:
        load([path], settings_in(tmp_path), mapping={"Qti": None})
    assert error.value.valid[0] == "Qty"
    with pytest.raises(MappingError, match="preset"):
        load([path], settings_in(tmp_path), preset="nosuch")


def test_a_damaged_saved_mapping_is_passed_over(tmp_path):
    settings = settings_in(tmp_path)
    path = csv(tmp_path)
    loaded(tmp_path, path, mapping={"Qty": "order_lines.quantity"})
    for saved in settings.mappings_dir.glob("*.json"):
        write(saved, "{")
    assert revenue(loaded(tmp_path, path)) == 75.5


def test_every_canonical_column_of_the_synonyms_exists():
    canonical = {f"{table}.{spec.name}" for table, specs in TABLES.items() for spec in specs}
    assert set(all_targets()) <= canonical | set(VIRTUAL)
