"""What presses of the page do to what still runs."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

from assistant.settings import load_settings
from assistant.ui.page import build_page


def test_asking_ends_the_opening_of_the_page_so_that_it_cannot_cover_the_answer(tmp_path: Path) -> None:
    page = build_page(MagicMock(), MagicMock(), MagicMock(), load_settings(tmp_path))
    events = page.config["dependencies"]
    opening = next(e["id"] for e in events if e["targets"][0][1] == "load")
    asking = [e["targets"][0] for e in events if str(e["api_name"]).startswith("ask_")]
    ended_by = [e["targets"][0] for e in events if opening in e["cancels"]]
    assert len(asking) == 3 and all(target in ended_by for target in asking)
