"""Words that point at customers spoken of before, and the text as it would be asked of all customers.

"How many of those can we reach by sms?" asks of some customers what "how many customers can we reach by sms?" asks of
all: the second is planned on its own, and the customers are then put into its plan.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.llm.planner.language_files import read_yaml

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")


@dataclass(frozen=True)
class Pointing:
    """A text that points at customers.

    Attributes:
        words: the words that do.
        texts: the text with all customers in their place, in the ways in which it may be read.
        of_them: the text said of customers that were just counted.
        sure: the words can mean nothing but customers.
        others: they mean those whom the last answer left out.
        alone: nothing else is said.
        number_of_it: a number of what they bought is spoken of, and not what.
        again: … bought again.
        of_people: what is said of them only people do or are.
        part: some of those that were counted are asked about.
        counted: how many they are is asked; bare: and nothing else; listed: who they are.
        writes: they are to be written to.
        on_it: money that went on what they bought.
    """

    words: str
    texts: tuple[str, ...]
    of_them: str = ""
    sure: bool = False
    others: bool = False
    alone: bool = False
    number_of_it: bool = False
    on_it: bool = False
    again: bool = False
    of_people: bool = False
    part: bool = False
    counted: bool = False
    bare: bool = False
    listed: bool = False
    writes: bool = False


class _Forms:
    def __init__(self, language: str) -> None:
        raw: dict[str, Any] = read_yaml(language, "people_in_talk") or {}
        self._macros = raw.get("macros", {})
        self.others = [self._made(p) for p in raw.get("others", ())]
        self.only_others = self._made(raw.get("only_others", ""))
        self.rules = [(self._made(r["find"]), str(r["put"]), bool(r.get("sure"))) for r in raw.get("pointing", ())]
        self.people = self._made(r"\b<people>\b" if "people" in self._macros else "")
        self.nobody, self.nobody_put = self._made(raw.get("nobody", "")), str(raw.get("nobody_put", ""))
        self.number_of_it = self._made(raw.get("number_of_it", ""))
        self.on_it = self._made(raw.get("on_it", ""))
        self.again = self._made(raw.get("again", ""))
        self.part = self._made(raw.get("part", ""))
        self.of_people = self._made(raw.get("of_people", ""))
        self.writes = self._made(raw.get("writes", ""))
        self.listed = self._made(raw.get("listed", ""))
        self.counted, self.bare = self._made(raw.get("counted", "")), self._made(raw.get("bare", ""))
        self.customers = str(raw.get("customers", ""))
        self.them = str(raw.get("them", ""))
        self.besides = self._made(raw.get("besides", ""))
        self.whole = (self._made(raw.get("whole", "")), str(raw.get("whole_put", "")))

    def _made(self, pattern: str) -> re.Pattern[str]:
        while _MACRO.search(pattern):
            pattern = _MACRO.sub(lambda m: f"(?:{self._macros[m.group(1)]})", pattern)
        return re.compile(pattern or "(?!)", re.IGNORECASE)  # what a language does not name is not heard


    def ways(self, text: str) -> tuple[str, ...]:
        """A text, without what sets it beside the one before ("also"), and said of all customers outright."""
        bare = " ".join(self.besides.sub("", text).split())
        return tuple(dict.fromkeys((bare, self.whole[0].sub(self.whole[1], bare))))


@lru_cache(maxsize=4)
def _forms(language: str) -> _Forms:
    return _Forms(language)


def pointed(text: str, language: str) -> Pointing | None:
    """How a text points at customers; None where it points at none."""
    forms = _forms(language)
    said = " ".join(text.replace("’", "'").split())
    bare = said.strip(" .!?;,")
    if forms.only_others.fullmatch(bare):
        return Pointing(bare, (), sure=True, others=True, alone=True)
    writes = forms.writes.match(said) is not None
    for pattern in forms.others:
        found = pattern.search(said)
        if found:
            put, them = (f"{said[:found.start()]}{who}{said[found.end():]}" for who in (forms.customers, forms.them))
            return Pointing(found.group(), forms.ways(put), them, sure=True, others=True, writes=writes)
    on_it = forms.on_it.search(said)
    rest = said if on_it is None else said[: on_it.start()] + on_it["before"] + said[on_it.end():]
    again = forms.again.search(rest)
    rest = forms.again.sub(lambda m: f"{m['bought']} {m['again']}", rest)
    number = again or forms.number_of_it.search(rest)
    said_of = {"writes": writes, "number_of_it": number is not None, "on_it": on_it is not None,
               "again": again is not None, "of_people": forms.of_people.search(said) is not None,
               "counted": forms.counted.search(said) is not None, "bare": forms.bare.fullmatch(bare) is not None,
               "listed": forms.listed.search(said) is not None}
    words, sure, put = "", False, rest
    for pattern, other, only_people in forms.rules:
        found = pattern.search(put)
        if found is None or not only_people and _named_before(forms, put, found.start(), bool(words)):
            continue
        sure = sure or only_people
        words = words or found.group().strip(" ,")
        put = pattern.sub(other, put)
    if words:
        return Pointing(words, forms.ways(put), rest, sure, part=forms.part.search(words) is not None, **said_of)
    asked = forms.nobody.search(rest)
    if asked is not None:
        return Pointing(asked.group().strip(), forms.ways(forms.nobody.sub(forms.nobody_put, rest)), rest,
                        **said_of)
    return None


def speaks_of_people(text: str, language: str) -> bool:
    """Whether customers are named in a text."""
    return _forms(language).people.search(text) is not None


def _named_before(forms: _Forms, text: str, at: int, put: bool) -> bool:
    """Whether a text names the customers itself before it says "they"."""
    return not put and forms.people.search(text, 0, at) is not None


__all__ = ["Pointing", "pointed", "speaks_of_people"]
