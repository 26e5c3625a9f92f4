"""Inputs of the shop's own models that stand for a sensitive attribute, and so are not learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assistant.data.sensitive import Proxy, proxies, sensitive_columns
from assistant.results import Caveat

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot


def close_inputs(
    snapshot: Snapshot, customers: Sequence[str], inputs: Mapping[str, Sequence[Any]]
) -> tuple[Proxy, ...]:
    """Inputs that tell a sensitive attribute of the customers closely (:data:`assistant.data.sensitive.CLOSE`).

    Args:
        customers: id per row, at most one row each; ``inputs``: name → values of the same rows.

    Returns:
        the closest first; none where the data hold no sensitive attribute.
    """
    import pandas as pd

    columns = sensitive_columns(snapshot)
    if not columns or not len(customers):
        return ()
    people = snapshot.execute(snapshot.table("customers").select("customer_id", *columns)).to_pandas()
    people = people.drop_duplicates("customer_id").set_index(people["customer_id"].drop_duplicates().astype(str))
    of_rows = people.reindex(pd.Index(customers).astype(str))
    return tuple(proxies(inputs, {c: of_rows[c].to_numpy() for c in columns}))


def proxy_caveats(aside: Sequence[Proxy]) -> list[Caveat]:
    """What was left out, said."""
    return [Caveat(code="inputs_left_out", words={"inputs": _named(aside)})] if aside else []


def told_caveats(told: Sequence[Proxy]) -> list[Caveat]:
    """What is weighed although it stands for a sensitive attribute, because the method is made of it, said."""
    return [Caveat(code="inputs_told", words={"inputs": _named(told)})] if told else []


def _named(found: Sequence[Proxy]) -> str:
    return ", ".join(f"{p.column.replace('_', ' ')} (for {p.of.replace('_', ' ')})" for p in found)
