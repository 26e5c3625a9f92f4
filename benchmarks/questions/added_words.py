"""Questions with a word too many: whether a planner notices that they are not the question it knows.

Each kind of :file:`added_words.yaml` adds or puts a word that changes what is asked. The plan of the question without
it is then wrong: a planner has noticed where it declines, asks, plans something else, or says what it did not use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import yaml

from benchmarks.questions.cases import load_cases
from benchmarks.report import Row

if TYPE_CHECKING:
    from assistant.llm.planner.candidate import Planned
    from assistant.plans.shop import Shop

#: changed questions per shop, of the kinds seen while building and of those kept back
MOST = 300
KINDS = Path(__file__).with_name("added_words.yaml")
#: the code of the note that says which words an answer does not use
NOT_USED = "not_used|"
#: how a change may be noticed
WAYS = ("declined", "asked", "said", "next", "other plan")


@dataclass(frozen=True)
class Changed:
    """A question whose words were changed."""

    kind: str
    before: str
    text: str
    kept_back: bool


@lru_cache(maxsize=1)
def _kinds() -> dict[str, dict]:
    return yaml.safe_load(KINDS.read_text(encoding="utf-8"))["kinds"]


def changes(text: str, tools: Sequence[str]) -> Iterator[Changed]:
    """Every change that a question admits.

    Args:
        text: a question that is planned rightly.
        tools: names of the tools it is planned with.
    """
    for name, kind in _kinds().items():
        if "tools" in kind and not set(kind["tools"]) & set(tools):
            continue
        for changed in _applied(text, kind):
            yield Changed(name, text, changed, bool(kind.get("kept_back")))


def _applied(text: str, kind: dict) -> Iterator[str]:
    body, mark = re.fullmatch(r"(.*?)([?.!\s]*)", text, re.DOTALL).groups()
    for words in kind.get("append", ()):
        yield f"{body} {words}{mark}"
    for words in kind.get("before", ()):
        found = re.search(rf"\b({'|'.join(kind['nouns'])})\b", body, re.IGNORECASE)
        if found is not None:
            yield f"{body[: found.start()]}{words} {body[found.start() :]}{mark}"
    for old, new in kind.get("replace", {}).items():
        found = re.search(rf"(?<!\w){re.escape(old.strip())}(?!\w)", body, re.IGNORECASE)
        for words in new if found is not None else ():
            yield f"{body[: found.start()]}{words.strip()}{body[found.end() :]}{mark}"


def sample(asked: Sequence[tuple[str, Sequence[str]]], most: int, *, kept_back: bool, seed: int = 7) -> list[Changed]:
    """At most so many changed questions, drawn evenly over the kinds.

    Args:
        asked: questions with the tools they are planned with.
        most: how many changed questions.
        kept_back: of the kinds that were kept back, or of the others.
    """
    by_kind: dict[str, list[Changed]] = {}
    for text, tools in asked:
        for changed in changes(text, tools):
            if changed.kept_back is kept_back:
                by_kind.setdefault(changed.kind, []).append(changed)
    draw = Random(seed)
    each = -(-most // max(1, len(by_kind)))
    return [c for found in by_kind.values() for c in draw.sample(found, min(each, len(found)))][:most]


def noticed(before: Planned, after: Planned) -> str:
    """How the change was noticed: "declined", "asked", "said", "next", "other plan"; empty where it was not."""
    names = {c.name for c in after.calls}
    if "decline" in names:
        return "declined"
    if "ask_back" in names:
        return "asked"
    if any(note.startswith(NOT_USED) for note in after.notes):
        return "said"
    made, known = ([(c.name, c.args) for c in p.calls] for p in (after, before))
    if after.done is not None and made == known:
        return "next"  # what was added is a request of its own, which is planned once this one is answered
    return "" if made == known else "other plan"


def judged(changed: Sequence[Changed], plan: Callable[[str], Planned]) -> dict[str, dict[str, int]]:
    """Per kind, how often each way of noticing was met ("" for not at all)."""
    found: dict[str, dict[str, int]] = {}
    known: dict[str, Planned] = {}
    for one in changed:
        if one.before not in known:
            known[one.before] = plan(one.before)
        how = noticed(known[one.before], plan(one.text))
        counts = found.setdefault(one.kind, {})
        counts[how] = counts.get(how, 0) + 1
    return found


def rows(name: str, shop: Shop) -> list[Row]:
    """How many changed questions are noticed: of the dev and validation questions of a shop that are planned."""
    from assistant.llm.planner.planner import plan_turn

    texts = list(dict.fromkeys(c.turns[0] for split in ("dev", "validation") for c in load_cases(name, split)))
    planned = [(text, [c.name for c in plan_turn(text, None, shop).calls]) for text in texts]
    asked = [(text, tools) for text, tools in planned if not {"decline", "ask_back"} & set(tools)]
    return [_row(name, asked, shop, kept_back=kept_back) for kept_back in (False, True)]


def _row(name: str, asked: Sequence[tuple[str, Sequence[str]]], shop: Shop, *, kept_back: bool) -> Row:
    from assistant.llm.planner.planner import plan_turn

    changed = sample(asked, MOST, kept_back=kept_back)
    found = judged(changed, lambda text: plan_turn(text, None, shop))
    ways = {way: sum(counts.get(way, 0) for counts in found.values()) for way in WAYS}
    share = 100 * sum(ways.values()) / len(changed)
    told = ", ".join(f"{way} {100 * count / len(changed):.0f} %" for way, count in ways.items())
    kinds = "kinds kept back" if kept_back else "kinds seen while building"
    what = f"{name}: words added or put that change the question are noticed, {kinds} ({len(changed)})"
    return Row(what, f"{share:.1f} % ({told})", bar="≥ 95 %", met=share >= 95)
