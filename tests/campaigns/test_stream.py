"""Messages of a whole audience in one pass: the same words as the preview, every price the catalogue's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assistant.campaigns.draft import draft_campaign
from assistant.campaigns.messages import Pick, Picks, RecipientCopy
from assistant.campaigns.stream import Addressed, personalised, wording_of, write_messages
from assistant.errors import StorageError
from tests.campaigns.test_draft import brief, rooms, shop_with_contacts


def test_the_stream_says_what_the_preview_says(tmp_path: Path) -> None:
    shop = shop_with_contacts(tmp_path)
    copy = RecipientCopy(shop, brief(), "c-1")
    asked: list[int] = []
    seen: list[float | None] = []

    def pick(ids: Sequence[str], k: int, category: str | None) -> Mapping[str, Picks]:
        asked.append(len(ids))
        return {i: [Pick("P1", "P5")] for i in ids if i != "R3"}

    people = [Addressed(f"R{n}", ("email", "sms"), n % 2) for n in range(7)]
    found = list(personalised(copy, people, pick, k=1, total=7, batch=3,
                              progress=lambda words, share: seen.append(share)))
    assert asked == [3, 3, 1] and seen[-1] == 1.0
    assert [(w.customer_id, w.message.channel) for w in found[:2]] == [("R0", "email"), ("R0", "sms")]
    for written in found:
        picks = [] if written.customer_id == "R3" else [Pick("P1", "P5")]
        (shown,) = copy.messages(picks, [written.message.channel], written.variant)
        assert (shown.subject, shown.body, shown.html) == (
            written.message.subject, written.message.body, written.message.html)


def test_wordings_are_drawn_evenly_and_stay() -> None:
    drawn = [wording_of("c-1", str(n), 3) for n in range(3000)]
    assert drawn == [wording_of("c-1", str(n), 3) for n in range(3000)]
    assert all(abs(drawn.count(v) - 1000) < 100 for v in range(3))


def test_a_file_holds_who_is_contacted_and_no_address(tmp_path: Path) -> None:
    shop, own = shop_with_contacts(tmp_path), rooms(tmp_path)
    draft_campaign(shop, brief(variants=2), own)
    path, count = write_messages(shop, None, own, tmp_path / "out")
    rows = pq.read_table(path).to_pylist()
    assert count == len(rows) == 3
    assert sorted((r["customer_id"], r["channel"]) for r in rows) == [("C1", "email"), ("C1", "sms"), ("C5", "sms")]
    assert "example.com" not in str(rows) and all("€9.00" in r["text"] for r in rows)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError):
        write_messages(shop, None, own, blocked)
