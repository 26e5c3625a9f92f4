"""The gold questions: conversations and what each of their turns should give.

They are held in ``tests/golden/questions_*.yaml`` and ``conversations_*.yaml``. An entry has an ``id`` and ``turns``,
or a ``family`` and ``wordings`` of one question. ``expected`` is the expectation of the last turn, or a list of one
per turn (null: not looked at). The name of the file says the shop: ``…_demo….yaml`` or ``…_online_retail….yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from benchmarks.questions.truth import Split, split_of

GOLD = Path(__file__).parents[2] / "tests" / "golden"
SHOPS = ("demo", "online_retail")


@dataclass(frozen=True)
class Case:
    """A conversation and what each of its turns should give (``None``: not looked at).

    ``fresh`` conversations change what the assistant keeps (definitions, segments): they get a home of their own.
    """

    id: str
    shop: str
    turns: tuple[str, ...]
    expected: tuple[dict[str, Any] | None, ...]
    family: str
    fresh: bool = False
    #: the file it stands in: questions, wordings, unanswerable, premises, conversations …
    part: str = "questions"

    @property
    def split(self) -> Split:
        return split_of(self.family)


def load_cases(shop: str, split: Split | None = None) -> list[Case]:
    """Cases of a shop (``demo`` or ``online_retail``), of one split or all. Raises ``ValueError`` for double ids."""
    cases = []
    for file in sorted(GOLD.glob(f"questions_{shop}*.yaml")):
        part = file.stem.removeprefix(f"questions_{shop}").strip("_") or "questions"
        entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
        cases += [case for entry in entries for case in _cases(shop, _texts(entry), part)]
    seen: set[str] = set()
    twice = {c.id for c in cases if c.id in seen or seen.add(c.id)}  # type: ignore[func-returns-value]
    if twice:
        raise ValueError(f"ids of {shop} are not unique: {sorted(twice)}")
    return [c for c in cases if split in {None, c.split}]


def load_conversations(shop: str) -> list[Case]:
    """The conversations of a shop; of their turns those whose answer is computed, refused or asked about.

    Turns with a plan as their expectation are held (they make the context) but not judged here: a test does that.
    """
    entries = yaml.safe_load((GOLD / f"conversations_{shop}.yaml").read_text(encoding="utf-8"))
    return [
        Case(entry["id"], shop, tuple(text for text, _ in entry["turns"]),
             tuple(_turn(wanted) for _, wanted in entry["turns"]), entry["id"], part="conversations")
        for entry in entries
    ]


def _turn(wanted: Any) -> dict[str, Any] | None:
    if isinstance(wanted, dict):
        return _texts(wanted)
    lines = [line.strip() for line in wanted.split(" || ")]
    readings: list[dict[str, Any]] = [{"kind": "asked"} for line in lines if line == "asked"]
    readings += [{"kind": "refused", "reason": line.split()[1].split("/")} for line in lines if line[:8] == "refused "]
    return {"any": readings} if len(readings) == len(lines) else None


def _cases(shop: str, entry: dict[str, Any], part: str) -> Iterator[Case]:
    expected = entry["expected"]
    if "wordings" in entry:
        for number, text in enumerate(entry["wordings"], start=1):
            yield Case(f"{entry['family']}-{number}", shop, (text,), (expected,), entry["family"], part=part)
        return
    turns = tuple(entry["turns"])
    listed = tuple(expected) if isinstance(expected, list) else (None,) * (len(turns) - 1) + (expected,)
    if len(listed) != len(turns):
        raise ValueError(f"{entry['id']}: {len(turns)} turns, {len(listed)} expectations")
    yield Case(entry["id"], shop, turns, listed, entry["id"], bool(entry.get("fresh")), part)


def _texts(value: Any) -> Any:
    """YAML dates as ISO text, all the way down."""
    if isinstance(value, dict):
        return {k: _texts(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value
