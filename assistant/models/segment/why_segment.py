"""Why a customer is in its segment: the scores of recency, orders and money, and the rule that they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.errors import NoRows
from assistant.models.segment.report import fit_segments, segment_evidence
from assistant.models.segment.rfm_rules import RFMRules
from assistant.plans import CustomerRequest, SegmentRequest
from assistant.plans.reword import reword
from assistant.query.customer import known_id
from assistant.results import Column, Result, Table

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.results.result import Scalar


def why_segment(snapshot: Snapshot, request: CustomerRequest) -> Result:
    """The customer's days, orders and money with their scores, the segment they lead to and its rule; and the rule of
    the segment asked about, where that is another one.

    Raises:
        UnknownName: the shop has no such customer. NoRows: the customer never bought anything.
    """
    customer = known_id(snapshot, request.customer_id)
    fitted = fit_segments(snapshot, SegmentRequest(method="rfm"), graded=False)
    rules, frame = fitted.segmenter, fitted.frame
    assert isinstance(rules, RFMRules)
    place = frame["customer_id"].astype(str) == customer
    if not bool(place.any()):
        raise NoRows(f"Customer {customer} has not bought anything, and so is in no segment", received=customer,
                     nearest=[f"Show customer {customer}"])
    row = frame[place]
    recency, frequency, money, value = (int(score[0]) for score in rules.scores(row))
    segment = str(rules.labels_[place.to_numpy()][0])
    names = {str(n).casefold(): str(n) for n in rules.profile_.index}
    asked = names.get(str(request.why_segment).casefold(), "")
    person, first = row.iloc[0], [Column(name="what", label="What"), Column(name="score", label="Score, of five",
                                                                             unit="count")]
    rows: list[list[Scalar]] = [["last order", recency], ["orders", frequency], ["money spent", money],
                                ["value: mean of orders and money, halves rounded up", value]]
    scores = Table(id="scores", title="Scores", columns=first, rows=rows, total_rows=len(rows))
    facts = Table(id="customer", title=f"Customer {customer}", total_rows=1, columns=[
        Column(name="customer_id", label="Customer", unit="id"),
        Column(name="days", label="Days since last order", unit="days"),
        Column(name="orders", label="Orders", unit="count"), Column(name="spent", label="Spent", unit="currency"),
        Column(name="recency_score", label="Score of the last order", unit="count"),
        Column(name="orders_score", label="Score of the orders", unit="count"),
        Column(name="money_score", label="Score of the money", unit="count"),
        Column(name="value_score", label="Value score", unit="count"), Column(name="best", label="Best score",
                                                                              unit="count")],
        rows=[[customer, int(person["days_since_last_order"]), int(person["order_count"]),
               float(person["monetary_value"]), recency, frequency, money, value, 5]])
    kept = [n for n in (segment, asked) if n]
    rule_rows: list[list[Scalar]] = [[n, rules.definition(n)] for n in dict.fromkeys(kept)]
    limits = Table(id="rules", title="Rules of the segments", total_rows=len(rule_rows), rows=rule_rows,
                   columns=[Column(name="segment", label="Segment"), Column(name="definition", label="Who is in it")])
    evidence = segment_evidence(snapshot, SegmentRequest(method="rfm"), fitted)
    evidence.plan, evidence.plan_words = request.model_dump(mode="json"), reword(request)
    return Result(
        kind="segment_reason", title=f"Why customer {customer} is in {segment}", currency=snapshot.currency,
        figures={c.name: facts.figure(0, c.name) for c in facts.columns[1:]}, headline=["days", "orders", "spent"],
        tables=[facts, limits, scores],
        words={"segment": segment, "asked": asked if asked != segment else ""},
        evidence=evidence,
        followups=[f"Will customer {customer} leave?", "Split our customers into segments",
                   "How did the segments change?"],
        details={"customer_ids": [customer]},
    )
