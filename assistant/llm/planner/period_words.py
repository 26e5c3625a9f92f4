"""Words of time, read from ``periods.yaml``, and what a stretch of text may say about time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from assistant.llm.planner.heard import heard
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.normalise import Token
from assistant.plans.periods import LONGEST, Period

Kind = Literal["period", "duration", "future", "ago", "bad_period", "day_kind"]


@dataclass(frozen=True)
class PeriodReading:
    """What was read: a period, a length of time, a future, or a date that does not exist.

    Attributes:
        kind: ``duration`` ("90 days") and ``future`` ("next 8 weeks") carry ``count`` and ``unit``; ``ago`` too;
            ``day_kind`` ("Mondays", "weekends") carries ``weekdays``; ``bad_period`` a ``problem`` in words.
        start, end: token positions.
        ends: of a range, the two stretches named ("between October and November").
        open_end: "since" and "before" were said.
    """

    kind: Kind
    start: int
    end: int
    period: Period | None = None
    count: float = 1
    unit: str = "day"
    weekdays: tuple[str, ...] = ()
    #: of a ``day_kind``: first and last hour of the day
    hours: tuple[int, int] | None = None
    problem: str = ""
    open_end: Literal["since", "until", ""] = ""
    year_said: bool = False
    ends: tuple[Period, Period] | None = None
    #: the words were turned into dates, so that their numbers stand in no plan
    computed: bool = False
    #: "mid-June", as said, where the days are a reading of ours
    part_words: str = ""

    @property
    def days(self) -> int:
        """Length of a duration in days; months have 30, half a year 182."""
        per = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}[self.unit]
        return round(self.count * per)

    def rolling(self) -> Period:
        """A length of time as the days up to now; one beyond what a period can hold is the longest there is."""
        count = min(max(1, round(self.count)), LONGEST)
        return Period(kind="rolling", unit=self.unit, count=count)  # type: ignore[arg-type]


@dataclass(frozen=True)
class PeriodWords:
    months: dict[str, int]
    weekdays: dict[str, str]
    units: dict[str, str]
    events: dict[tuple[str, ...], str]
    singles: dict[tuple[str, ...], Period]
    lists: dict[str, set[str]]
    phrases: dict[str, list[tuple[str, ...]]]
    parts: dict[str, set[str]]
    parts_phrases: dict[str, list[tuple[str, ...]]]
    modal: dict[str, set[str]]
    #: words that begin those of the lists
    first_of_lists: dict[str, set[str]]


@lru_cache(maxsize=4)
def period_words(lex: Lexicon) -> PeriodWords:
    raw = lex.periods
    events = {lex.lemmas(p): name for name, phrases in raw["events"].items() for p in phrases}
    singles = {lex.lemmas(p): Period(**spec) for p, spec in raw["singles"].items()}
    lists = {
        name: {" ".join(lex.lemmas(w)) for w in raw[name]}
        for name in ("last", "past", "this", "next", "from", "to", "since", "until", "ago", "prepositions")
    }
    phrases = {
        name: [lex.lemmas(w) for w in raw[name]]
        for name in ("weekend", "workday", "fortnight", "half_year", "beginning", "end")
    }
    for half, names in raw["halves"].items():
        phrases[f"half{half}"] = [lex.lemmas(n) for n in names]
    return PeriodWords(
        {w: int(n) for n, words in raw["months"].items() for w in words},
        {w: day for day, words in raw["weekdays"].items() for w in words}
        | {f"{w}s": day for day, words in raw["weekdays"].items() for w in words},
        {w: unit for unit, words in raw["units"].items() for w in words},
        events,
        singles,
        lists,
        phrases,
        {name: {" ".join(lex.lemmas(w)) for w in words} for name, words in raw["parts"].items()},
        {name: [lex.lemmas(w) for w in words] for name, words in raw["parts"].items()},
        {name: set(words) for name, words in raw["modal"].items()},
        {name: {(*lex.lemmas(w), "")[0] for w in raw[name]} for name in lists},
    )


def runs_up_to_now(tokens: Sequence[Token], start: int, last: int, unit: str) -> bool:
    """Whether "the last year" runs up to today: within the last year · have not ordered in the last month.

    "Revenue in the last month" is left the calendar's: there both are said.

    Args:
        tokens: of the text.
        start: where the stretch begins, with its article or behind it.
        last: where "last" stands.
        unit: of the stretch.
    """
    said = start if start < last else start - 1 if start and tokens[start - 1].lemma in heard("the") else 0
    if not said or tokens[said - 1].lemma not in heard("period_grammar.within"):
        return False
    return unit == "year" or any(t.word in heard("period_grammar.without") for t in tokens[max(0, said - 8) : said - 1])
