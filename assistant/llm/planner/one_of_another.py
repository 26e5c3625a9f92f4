"""One thing set against another one as a share: "app orders as a share of web orders", "ratio of app to web orders"."""

from __future__ import annotations

from assistant.llm.planner.heard import heard
from assistant.llm.planner.parts import Parts
from assistant.plans.filters import Compare


def of_another(p: Parts) -> None:
    """Makes the second of two values of a dimension the whole of the share that is asked for; else changes nothing."""
    items = p.reading.items
    shares = [i for i in p.reading.having("share")
              if any(k.tokens[0].lemma in heard("one_of_another.as") for k in items[max(0, i - 2) : i + 1])]
    pairs = [(d, list(dict.fromkeys(v))) for d, v in p.chosen.items() if len(set(v)) == 2]
    if len(shares) != 1 or len(pairs) != 1 or p.share_of is not None:
        return
    dimension, (first, second) = pairs[0]
    places = {v.value: i for i, item in enumerate(items) for v in item.alts.get("value", ())
              if v.dimension == dimension}
    if not places.get(first, shares[0]) < shares[0] < places.get(second, shares[0]):
        return
    whole = next((r for r in p.rows if isinstance(r, Compare) and r.field == dimension and r.op == "in"), None)
    if whole is None:
        return
    p.rows[p.rows.index(whole)] = Compare(field=dimension, op="eq", values=(first,))
    p.share_of = Compare(field=dimension, op="eq", values=(second,))
