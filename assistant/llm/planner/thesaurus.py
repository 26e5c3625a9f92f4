"""Other words for what the grammar knows: looked up only once a text could not be read as it stands.

The words are data (``prompts/lexicon/<language>/thesaurus.yaml``): groups of words and the words of the grammar that
mean the same. ``*`` after a verb stands for its forms ("rake* in": "raked in", "raking in"), each put into the same
form of the verb of the grammar. A word of the shop's own products, categories or places is never replaced by itself,
and what was read for what is said with the answer, save where a group only asks for an answer ("walk me through").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from assistant.llm.planner.language_files import read_yaml
from assistant.llm.planner.late_patterns import LatePattern

_QUOTED = re.compile(r'("[^"\n]{1,80}")')
_MACRO = re.compile(r"<(\w+)>")
#: places of the forms in the list of a verb of the grammar
_BASE, _THIRD, _PAST, _GOING = range(4)


@dataclass(frozen=True)
class Replaced:
    """A text in other words.

    Attributes:
        text: the text.
        read: words as they were said, and what each was read as; without those that only ask.
        dropped: clauses that were left out, as they were said.
    """

    text: str
    read: tuple[tuple[str, str], ...]
    dropped: str = ""


@dataclass(frozen=True)
class _Rule:
    pattern: LatePattern
    say: str
    quiet: bool


def in_other_words(text: str, language: str, own: Callable[[str], bool]) -> Replaced | None:
    """The text with its words put into those of the grammar; None where no word has another.

    Args:
        text: as typed. Text in quotation marks is left alone.
        language: folder of the lexicon.
        own: whether a word is one of the shop's names.
    """
    read: list[tuple[str, str]] = []
    pieces = _QUOTED.split(text)
    for place in range(0, len(pieces), 2):
        for rule in _rules(language):
            def put(match: re.Match[str], rule: _Rule = rule) -> str:
                said = match.group()
                if " " not in said and own(said):
                    return said
                new = match.expand(rule.say)
                if not rule.quiet and new.lower() != said.lower():
                    read.append((" ".join(said.split()), new))
                return new

            pieces[place] = rule.pattern.sub(put, pieces[place])
    new = " ".join("".join(pieces).split())
    return Replaced(new, tuple(read)) if new != text else None


@lru_cache(maxsize=4)
def _rules(language: str) -> tuple[_Rule, ...]:
    raw = read_yaml(language, "thesaurus")
    macros = {name: f"(?:{body})" for name, body in raw.get("macros", {}).items()}
    rules: list[_Rule] = []
    for group in raw.get("groups", ()):
        quiet = bool(group.get("quiet", False))
        for form, say in _said(group["say"]):
            formed = {w for said in group["for"] for w in _formed(str(said), form, language)}
            words = sorted(sorted(formed), key=len, reverse=True)
            plain = "|".join(w for w in words if "\\" not in say)
            for one in [plain] if plain else words:  # what is put back is counted from the left of its own pattern
                body = _expanded(one, macros)
                end = "" if one.endswith(" ") else r"(?![\w'-])"
                rules.append(_Rule(LatePattern(rf"(?<![\w'-])(?:{body}){end}"), say, quiet))
    return tuple(rules)


def _said(say: str | list[str]) -> list[tuple[int | None, str]]:
    return [(None, say)] if isinstance(say, str) else list(enumerate(say))


def _formed(said: str, form: int | None, language: str) -> list[str]:
    """The words in one form of their verb; all of its forms where the group tells none apart."""
    verb = re.search(r"([a-z]+)\*", said)
    if verb is None:
        return [said] if form in {None, _BASE} else []
    forms = _forms(verb[1], language)
    chosen = [f for several in forms for f in several] if form is None else forms[form]
    return [said.replace(verb.group(), one) for one in chosen]


@lru_cache(maxsize=1024)
def _forms(base: str, language: str) -> tuple[list[str], ...]:
    """Forms of a regular verb, or of a noun (of which only the first two are words): rake, rakes, raked, raking.

    The endings are data: the first kind whose pattern fits the base tells them, as what is cut off and put on.
    """
    for kind in read_yaml(language, "thesaurus")["endings"]:
        if re.search(str(kind["after"]), base):
            return tuple([_ended(base, str(one)) for one in ends] for ends in kind["forms"])
    return ([base],) * 4


def _ended(base: str, ending: str) -> str:
    """The base with an ending: "+ed" is put on, "-ies" takes the place of the last letter, "=ed" doubles it first."""
    put = {"+": base, "-": base[:-1], "=": base + base[-1]}
    return put[ending[0]] + ending[1:]


def _expanded(pattern: str, macros: dict[str, str]) -> str:
    return _MACRO.sub(lambda m: macros.get(m[1], m.group()), pattern).replace(" ", r"\s+")
