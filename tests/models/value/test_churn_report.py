"""Churn as a result and in words."""

from __future__ import annotations

import pytest

from assistant.data.warehouse import Snapshot
from assistant.errors import MissingData, NoRows, UnknownName
from assistant.llm.replies import caveat_texts, compose
from assistant.models.value.churn import ChurnModel, fit_churn
from assistant.models.value.report import churn_result
from assistant.plans import ChurnRequest, Compare, Not
from tests.support.leaving_shop import leaving_tables, write


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write(tmp_path_factory.mktemp("leaving"), leaving_tables())


@pytest.fixture(scope="module")
def fitted(shop: Snapshot) -> ChurnModel:
    return fit_churn(shop, 60)


def request(**given: object) -> ChurnRequest:
    return ChurnRequest(horizon_days=60, **given)  # type: ignore[arg-type]


def test_headline_counts_and_values(shop: Snapshot, fitted: ChurnModel) -> None:
    result = churn_result(shop, request(k=10), fitted)
    scores = fitted.predict(shop)
    risky = scores[scores["at_risk"]]
    assert result.figures["at_risk"].value == len(risky)
    assert result.figures["value_at_risk"].value == pytest.approx(risky["value_at_risk"].sum())
    assert result.figures["lapsed"].value == scores["lapsed"].sum()
    assert result.figures["never_bought"].value == 1
    table = result.table("customers")
    assert len(table.rows) == 10 and table.total_rows == len(risky)
    values = [row[table.column_index("value_at_risk")] for row in table.rows]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(risky["value_at_risk"].max())
    assert result.currency == "EUR" and set(result.headline) <= set(result.figures)


def test_order_by_probability(shop: Snapshot, fitted: ChurnModel) -> None:
    table = churn_result(shop, request(order_by="churn_probability"), fitted).table("customers")
    values = [row[table.column_index("churn_probability")] for row in table.rows]
    assert values == sorted(values, reverse=True)


def test_reply_words_every_number_from_a_cell(shop: Snapshot, fitted: ChurnModel) -> None:
    result = churn_result(shop, request(), fitted)
    reply = compose([result])
    assert "customers are about to leave" in reply.text and "already left" in reply.text
    for number in reply.numbers:
        assert number.source.table in {t.id for t in result.tables}
    assert all(text.text for text in caveat_texts(result))


def test_definitions_are_shown(shop: Snapshot, fitted: ChurnModel) -> None:
    evidence = churn_result(shop, request(), fitted).evidence
    assert {d.term for d in evidence.definitions} == {"leaving", "about to leave", "already left", "value at risk"}
    assert evidence.model is not None
    assert {"auc", "brier", "calibration_error"} <= set(evidence.model.quality)
    assert {"auc", "brier"} <= set(evidence.model.baseline)
    assert evidence.as_of == shop.as_of


def test_one_customer(shop: Snapshot, fitted: ChurnModel) -> None:
    scores = fitted.predict(shop).set_index("customer_id")
    for wanted, words in ((scores.index[scores["at_risk"]][0], "so this one is."),
                          (scores.index[~scores["at_risk"] & ~scores["lapsed"]][0], "so this one is not"),
                          (scores.index[scores["lapsed"]][0], "has already left")):
        result = churn_result(shop, request(customer_id=f" {wanted} "), fitted)
        assert result.figures["churn_probability"].value == pytest.approx(scores.loc[wanted, "churn_probability"])
        assert words in compose([result]).text


def test_unknown_customer_gets_the_nearest_ids(shop: Snapshot, fitted: ChurnModel) -> None:
    with pytest.raises(UnknownName) as caught:
        churn_result(shop, request(customer_id="L003O"), fitted)
    assert "L0030" in caught.value.valid


def test_never_buyer_is_known_but_has_no_score(shop: Snapshot, fitted: ChurnModel) -> None:
    with pytest.raises(NoRows, match="has not bought"):
        churn_result(shop, request(customer_id="N1"), fitted)


def test_nobody_at_risk_is_said(shop: Snapshot, fitted: ChurnModel, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = fitted.predict(shop)
    calm["at_risk"] = False
    monkeypatch.setattr(fitted, "predict", lambda snapshot: calm)
    result = churn_result(shop, request(k=3), fitted)
    assert result.figures["at_risk"].value == 0
    assert [c.code for c in result.caveats].count("churn_nobody_at_risk") == 1
    assert compose([result]).text.startswith("Nobody is about to leave")
    assert len(result.table("customers").rows) == 3


def test_only_some_customers(shop: Snapshot, fitted: ChurnModel) -> None:
    """The list is of those selected; what is usual stays what is usual among all."""
    some = fitted.predict(shop)
    some = some[some["at_risk"]]["customer_id"].head(3).tolist()
    chosen = Compare(field="customer", op="in", values=tuple(some))
    result = churn_result(shop, request(filter=chosen), fitted)
    whole = churn_result(shop, request(k=1000), fitted)
    assert {r[0] for r in result.table("customers").rows} == set(some)
    assert result.figures["at_risk"].value == 3
    assert all(r in whole.table("customers").rows for r in result.table("customers").rows)
    assert result.details["audience"]["filter"]["op_type"] == "and"


def test_bounds_of_value(shop: Snapshot, fitted: ChurnModel) -> None:
    values = fitted.predict(shop)
    values = values[values["at_risk"]]["yearly_value"]
    bound = float(values.median())
    result = churn_result(shop, request(yearly_value_over=bound, k=1000), fitted)
    table = result.table("customers")
    shown = [row[table.column_index("yearly_value")] for row in table.rows]
    assert len(shown) == (values > bound).sum() == result.figures["at_risk"].value and min(shown) > bound
    assert len(result.details["audience"]["filter"]["values"]) == len(shown)
    assert "net sales of 12 months above" in result.evidence.plan_words
    with pytest.raises(NoRows):
        churn_result(shop, request(value_at_risk_over=1e12), fitted)


def test_each_chosen_customer_with_the_probability(shop: Snapshot, fitted: ChurnModel) -> None:
    """Also those who stay and those who have left, by what they brought; counts are those of the rows."""
    scores = fitted.predict(shop).set_index("customer_id")
    some = [*scores.index[scores["at_risk"]][:2], *scores.index[scores["lapsed"]][:1],
            *scores.index[~scores["at_risk"] & ~scores["lapsed"]][:3]]
    chosen = Compare(field="customer", op="in", values=tuple(some))
    result = churn_result(shop, request(filter=chosen, everyone=True, k=25), fitted)
    table = result.table("customers")
    found = {row[0]: row for row in table.rows}
    assert set(found) == set(some) and result.figures["unscored"].value == 0
    place = table.column_index("churn_probability")
    assert all(row[place] == pytest.approx(scores.loc[c, "churn_probability"]) for c, row in found.items())
    standing = [row[table.column_index("standing")] for row in table.rows]
    assert [standing.count(s) for s in ("about to leave", "has already left", "expected to stay")] == [2, 1, 3]
    assert (result.figures["at_risk"].value, result.figures["lapsed"].value) == (2, 1)
    sales = [row[table.column_index("sales")] for row in table.rows]
    assert sales == sorted(sales, reverse=True)
    assert "**2** are about to leave" in compose([result]).text


def test_leaving_by_group_adds_up(shop: Snapshot, fitted: ChurnModel) -> None:
    """Two groups that are everybody hold everybody, and each share is that of its rows."""
    scores = fitted.predict(shop)
    early = Compare(field="customer", op="in", values=tuple(scores["customer_id"].head(40)))
    result = churn_result(shop, request(filter=early, against=Not(part=early)), fitted)
    table = result.table("groups")
    assert sum(row[1] for row in table.rows) == len(scores) == result.figures["customers"].value
    first = scores.head(40)
    assert table.cell(0, "lapsed") == first["lapsed"].sum()
    assert table.cell(0, "leaving_share") == pytest.approx(
        100 * first[~first["lapsed"]]["churn_probability"].mean())
    assert table.cell(1, "group") == "everybody else" and "everybody else" in compose([result]).text


def test_leaving_by_segment_names_no_winner(shop: Snapshot, fitted: ChurnModel) -> None:
    """Segments are made of the silence itself."""
    result = churn_result(shop, request(by="segment"), fitted)
    assert not result.words["most"] and result.words["circular"] == "segment"
    with pytest.raises(MissingData):
        churn_result(shop, request(by="message_channel"), fitted)
