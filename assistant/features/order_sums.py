"""Lines summed by order, once for several days to look back from.

A shop has far fewer orders than lines, and each order has one customer and one day. What a model learns from is the
same customers on several past days: summing all lines again for each of them would cost most of its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from assistant.features.rfm import TAKEN_BACK

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from assistant.data.warehouse import Snapshot


def order_sums(snapshot: Snapshot) -> ibis.Table:
    """One row per order of an identified customer up to ``as_of``, as an expression that any engine runs.

    What is taken back on a later day under the same order is a row of that day, so that no earlier day knows of it.

    Columns:
        ``customer_id``; ``day``; ``sale_lines`` (product lines sold); ``amount`` (sales less what was taken back),
        ``gross`` (sales), ``back`` (what was taken back, negative), shop currency; ``discounted`` (sale lines with a
        discount; 0 throughout where lines carry none).
    """
    lines = snapshot.table("order_lines")
    lines = lines.filter(lines.customer_id.notnull(), lines.line_type.isin(["sale", *TAKEN_BACK]))
    sale = lines.line_type == "sale"
    discounted = (sale & (lines.discount > 0)).sum() if snapshot.has("order_lines", "discount") else sale.sum() * 0
    return lines.group_by(["customer_id", "order_id", lines.ordered_at.date().name("day")]).aggregate(
        sale_lines=sale.sum(), amount=lines.amount.sum(),
        gross=lines.amount.sum(where=sale), back=lines.amount.sum(where=~sale), discounted=discounted,
    )


@dataclass(frozen=True)
class HeldOrders:
    """The orders of a snapshot in memory, to look at them from several days.

    Attributes:
        con: an engine of its own that holds them.
        table: rows of :func:`order_sums`.
    """

    con: Any
    table: ibis.Table

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Sum the lines of a snapshot.

        Raises:
            MissingData: orders carry no customer.
        """
        import ibis

        snapshot.require("order_lines", "customer_id", needed_for="A churn prediction")

        con = ibis.duckdb.connect()
        if snapshot.con.name == "duckdb":  # as many threads as the warehouse was given
            with snapshot.connection_lock, snapshot.con.con.cursor() as cursor:
                threads = cursor.execute("SELECT current_setting('threads')").fetchall()[0][0]
            con.raw_sql(f"SET threads = {int(threads)}").fetchall()
        return cls(con, con.create_table("orders", snapshot.execute(order_sums(snapshot).drop("order_id"))))

    def execute(self, expression: ibis.Expr) -> pa.Table:
        """Run an expression over :attr:`table`."""
        return self.con.to_pyarrow(expression)
