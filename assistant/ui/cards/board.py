"""What a card is drawn on: the words, where exports are, and the figures collected on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from assistant.ui.texts import Texts

TABLE_ROWS = 50
"""Rows of a table that the page shows; the export holds them all."""


@dataclass
class Board:
    """One answer while it is drawn.

    ``followups`` are the answer's own, which have been checked to run; ``plots`` maps the id of an empty element to its
    Plotly figure.
    """

    texts: Texts
    thread_id: str
    run_id: str
    followups: Sequence[str] = ()
    plots: dict[str, dict[str, Any]] = field(default_factory=dict)

    def table_url(self, result: int, table_id: str) -> str:
        return f"/assistant/export/{quote(self.thread_id, safe='')}/{quote(self.run_id, safe='')}/{result}/" \
               f"{quote(table_id, safe='')}.csv"

    def campaign_url(self, campaign_id: str) -> str:
        return f"/assistant/campaign/{quote(campaign_id, safe='')}.csv"

    def add_plot(self, figure: dict[str, Any]) -> str:
        """Keep a figure and return the id of the element it will be drawn in."""
        name = f"plot-{self.run_id}-{len(self.plots)}"
        self.plots[name] = figure
        return name
