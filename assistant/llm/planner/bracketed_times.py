"""A time in brackets says which days a time in words means: "summer of 2025 (June, July, August)", "the run-up to
Christmas 2010 (October to December)". The one in brackets is taken, with the year of the other."""

from __future__ import annotations

import re

from assistant.llm.planner.heard import expression, heard
from assistant.llm.planner.normalise import Token, tokenise
from assistant.llm.planner.period_grammar import PeriodReader, read_period
from assistant.llm.planner.vocabulary import Vocabulary

_BRACKETS = re.compile(r"\s*\(([^()]{3,60})\)")
_DASH = re.compile(r"(?<![\d]{4}-\d\d)\s*(?:–|\s-\s|(?<=[A-Za-z])-)\s*")
_YEAR = re.compile(r"\b20\d\d\b")


def with_bracketed_times(text: str, words: Vocabulary) -> str:
    """The text with the time in brackets in the place of the one before them; itself where there is none such."""
    for found in _BRACKETS.finditer(text):
        inside = _whole(found[1], words)
        before = _tokens(text[: found.start()], words)
        outer = next(((k, p) for k in range(len(before)) if (p := _period_to_end(before, k, words))), None)
        if inside is None or outer is None:
            continue
        first, year = outer
        after = text[found.end() :]
        later = re.match(r"\s*,?\s*(20\d\d)\b", after)
        if not _YEAR.search(inside):
            year = year or (int(later[1]) if later else None)
            if year is None:
                continue
            after = after[later.end() :] if later else after
            inside = f"{inside} {year + _into_next_year(inside, words)}"
        lead = expression("bracketed.lead").sub("", text[: before[first].start])
        return f"{lead.rstrip()} {inside}{after}"
    return text


def _into_next_year(said: str, words: Vocabulary) -> bool:
    """As in "winter 2025 (December to February)": the last month named is of the year after."""
    months = {w: int(n) for n, names in words.lexicon.periods["months"].items() for w in names}
    numbers = [months[t.lemma] for t in _tokens(said, words) if t.lemma in months]
    return bool(numbers) and numbers[-1] < numbers[0]


def _tokens(text: str, words: Vocabulary) -> list[Token]:
    return tokenise(text, words.lexicon.words)


def _period_to_end(tokens: list[Token], k: int, words: Vocabulary) -> int | None:
    """Its year, or 0 where it says none, of a time that begins at a token and ends the text."""
    if tokens[k].kind == "stop":
        return None
    found = read_period(tokens, k, words.lexicon, words.status.as_of)
    if found is None or found.kind != "period" or found.period is None or found.end != len(tokens):
        return None
    bounds = PeriodReader(tokens, words.lexicon, words.status.as_of).bounds(found.period)
    return found.period.year or (bounds[0].year if bounds else 0)


def _whole(said: str, words: Vocabulary) -> str | None:
    """A stretch of time as words of the grammar; None where the brackets hold something else."""
    tokens = [t for t in _tokens(said, words) if t.lemma not in heard("bracketed.passing")]
    if not tokens:
        return None
    named = words.lexicon.periods["months"]
    month = {w: int(n) for n, all_words in named.items() for w in all_words}
    numbers = [month[t.lemma] for t in tokens if t.lemma in month]
    joints = [t for t in tokens if t.lemma not in month]
    if len(numbers) > 1 and all(t.lemma in heard("bracketed.to") | heard("bracketed.listing") for t in joints):
        listed = len(numbers) > 2 or any(t.lemma in heard("bracketed.listing") for t in joints)
        if listed and [n % 12 for n in numbers] != [(numbers[0] + k) % 12 for k in range(len(numbers))]:
            return None
        names = [t.text for t in tokens if t.lemma in month]
        return f"from {names[0]} to {names[-1]}"
    text = _DASH.sub(" to ", said.strip())
    plain = _tokens(text, words)
    found = read_period(plain, 0, words.lexicon, words.status.as_of) if plain else None
    whole = found is not None and found.kind == "period" and found.end == len(plain)
    return text if whole else None
