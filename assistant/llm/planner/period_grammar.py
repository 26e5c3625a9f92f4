"""Words → :class:`~assistant.plans.periods.Period`: relative, rolling, named, ranges, seasons, spans and futures.

The grammar reads from a token position and returns the longest period that begins there. Words are data
(``periods.yaml``); the shapes (ranges, month with year, the n-th of a month) are here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from assistant.llm.planner.day_hours import WORD as HOURS
from assistant.llm.planner.heard import heard
from assistant.llm.planner.lexicon import Lexicon
from assistant.llm.planner.normalise import Token
from assistant.llm.planner.period_parts import edge_of_period, event_span, part_of_period
from assistant.llm.planner.period_whole import same_day_before, week_span, whole_units, year_so_far
from assistant.llm.planner.period_words import PeriodReading, period_words, runs_up_to_now
from assistant.llm.planner.relative_names import beside_last, directed_name, name_before, winter_years
from assistant.plans.periods import LONGEST, Period


def _whole_year(period: Period) -> bool:
    """Whether a time is a year said by its number."""
    return bool(period.year) and period == Period(kind="named", year=period.year)


class PeriodReader:
    """Recursive descent over the tokens; every method returns what it read and where it stopped."""

    def __init__(self, tokens: list[Token], lex: Lexicon, as_of: date) -> None:
        self.tokens, self.lex, self.as_of, self.w = tokens, lex, as_of, period_words(lex)

    def readers(self) -> tuple[Callable[[int], PeriodReading | None], ...]:
        return (self.named_before, self.range, self.open, self.part, self.relative, self.point, self.ago)

    def part(self, i: int) -> PeriodReading | None:
        return whole_units(self, i) or year_so_far(self, i) or same_day_before(self, i) or part_of_period(self, i)

    def named_before(self, i: int) -> PeriodReading | None:
        return name_before(self, i)

    def edge(self, i: int) -> PeriodReading | None:
        return edge_of_period(self, i)

    def lemma(self, i: int) -> str:
        return self.tokens[i].lemma if i < len(self.tokens) else ""

    def phrase(self, i: int, phrases: Any) -> int | None:
        """End of the longest of the phrases that begins at ``i``."""
        best, first = None, self.lemma(i)
        for words in phrases:
            if not words or words[0] != first:
                continue
            end = i + len(words)
            if tuple(self.lemma(k) for k in range(i, end)) == tuple(words) and (best is None or end > best):
                best = end
        return best

    def listed(self, i: int, name: str) -> int | None:
        if self.lemma(i) not in self.w.first_of_lists[name]:
            return None
        for length in (4, 3, 2, 1):
            if i + length <= len(self.tokens):
                joined = " ".join(self.lemma(k) for k in range(i, i + length))
                if joined in self.w.lists[name]:
                    return i + length
        return None

    def count(self, i: int) -> tuple[float, int] | None:
        """A whole number or "a", "an", "few"."""
        if i < len(self.tokens) and self.tokens[i].kind == "number" and self.tokens[i].unit is None:
            return float(self.tokens[i].value or 0), i + 1
        if self.lemma(i) in heard("one_of"):
            return 1.0, i + 1
        return None

    def unit(self, i: int) -> str | None:
        return self.w.units.get(self.lemma(i))

    def year(self, i: int) -> int | None:
        if i < len(self.tokens):
            token = self.tokens[i]
            if token.kind == "number" and token.unit is None and re.fullmatch(r"(19|20)\d\d", token.text):
                return int(token.text)
        return None

    # -- lengths and directions ----------------------------------------------------------------------------------

    def duration(self, i: int) -> tuple[float, str, int] | None:
        end = self.phrase(i, self.w.phrases["half_year"])
        if end:
            return 6, "month", end
        end = self.phrase(i, self.w.phrases["fortnight"]) or (
            self.phrase(i + 1, self.w.phrases["fortnight"])
            if self.lemma(i) in heard("period_grammar.backward")
            else None
        )
        if end:
            return 2, "week", end
        counted = self.count(i)
        if counted and self.unit(counted[1]):
            return counted[0], str(self.unit(counted[1])), counted[1] + 1
        return None

    def relative(self, i: int) -> PeriodReading | None:
        """last month · last 8 weeks · this year · next quarter · past year."""
        start = i
        if self.lemma(i) in heard("the"):
            i += 1
        for name in ("last", "past", "this", "next"):
            after = self.listed(i, name)
            if after is None:
                continue
            if name == "last" and self.lemma(after) in heard("day") and self.count(after + 1):
                after += 1  # "the last day 30 days"
            if self.lemma(after) in heard("period_grammar.full"):
                few = self.lemma(after) in heard("period_grammar.few")
                after += 1
                if self.lemma(after) in heard("of"):
                    after += 1
                if few and self.unit(after):
                    count = 2.0 if self.lemma(after - 1) in heard("period_grammar.couple_of") else 3.0
                    return self._directed(name, count, str(self.unit(after)), start, after + 1, counted=True)
            long = self.duration(after)
            if long and self.lemma(after) not in heard("indefinite"):
                return self._directed(name, long[0], long[1], start, long[2], counted=True)
            unit = self.unit(after)
            if unit and not heard("each.adverb").ends(self.lemma(after)):
                running = "past" if name == "last" and runs_up_to_now(self.tokens, start, i, unit) else name
                return self._directed(running, 1, unit, start, after + 1, counted=False)
            named = directed_name(self, name, after, start)
            if named:
                return named
        return None

    def _directed(
        self, name: str, count: float, unit: str, start: int, end: int, *, counted: bool
    ) -> PeriodReading | None:
        whole = max(1, round(count))
        if name == "next":
            return PeriodReading("future", start, end, count=count, unit=unit)
        if name == "this":
            return None if counted else PeriodReading("period", start, end, Period(kind="calendar", unit=unit))  # type: ignore[arg-type]
        if count == 0:
            return PeriodReading("bad_period", start, end, problem="A period of no length holds nothing")
        if counted and unit in {"quarter"}:
            period = Period(kind="calendar", unit=unit, offset=-1, count=whole)  # type: ignore[arg-type]
        elif counted or (name == "past"):
            period = Period(kind="rolling", unit=unit, count=min(whole, LONGEST))  # type: ignore[arg-type]
        else:
            period = Period(kind="calendar", unit=unit, offset=-1)  # type: ignore[arg-type]
        return PeriodReading("period", start, end, period)

    def key(self, i: int, end: int) -> tuple[str, ...]:
        return tuple(self.lemma(k) for k in range(i, end))

    # -- one point or named stretch ------------------------------------------------------------------------------

    def point(self, i: int) -> PeriodReading | None:
        """A date, month, quarter, half, week, season or year, each with or without its year."""
        for reader in (
            self.iso,
            self.numbered,
            self.month_day,
            self.month,
            self.quarter,
            self.half,
            self.week,
            self.event,
            self.bare_year,
            self.single,
        ):
            found = reader(i)
            if found is not None:
                return found
        return None

    def _with_year(self, i: int) -> tuple[int | None, int]:
        """Optional year: "2011", ", 2011", "of 2011", "last year", "this year"."""
        k = i
        while self.lemma(k) in heard("period_grammar.before_year") and k - i < 2:
            k += 1
        year = self.year(k)
        if year:
            return year, k + 1
        if self.unit(k + 1) == "year" and self.lemma(k) in heard("period_grammar.this_last"):
            return self.as_of.year - (0 if self.lemma(k) in heard("this") else 1), k + 2
        return None, i

    def numbered(self, i: int) -> PeriodReading | None:
        """A month by its number: "10/2011"."""
        year = self.year(i + 2) if self.lemma(i + 1) == "/" else None
        token = self.tokens[i] if i < len(self.tokens) else None
        if token is None or year is None or token.kind != "number" or not re.fullmatch(r"0?[1-9]|1[0-2]", token.text):
            return None
        return PeriodReading("period", i, i + 3, Period(kind="named", year=year, month=int(token.text)), year_said=True)

    def iso(self, i: int) -> PeriodReading | None:
        if i >= len(self.tokens) or self.tokens[i].kind != "date":
            return None
        parts = [int(p) for p in re.split(r"[-./]", self.tokens[i].text)]
        if len(parts) == 2:
            if not 1 <= parts[1] <= 12:
                return self.bad(i, i + 1)
            return PeriodReading(
                "period", i, i + 1, Period(kind="named", year=parts[0], month=parts[1]), year_said=True
            )
        year, month, day = parts if parts[0] > 31 else (parts[2], parts[1], parts[0])
        year += 2000 if year < 100 else 0
        if month > 12 >= day:  # written the American way
            month, day = day, month
        return self._day(year, month, day, i, i + 1, said=True)

    def bad(self, start: int, end: int) -> PeriodReading:
        words = " ".join(t.text for t in self.tokens[start:end])
        return PeriodReading("bad_period", start, end, problem=words)

    def _day(self, year: int, month: int, day: int, start: int, end: int, *, said: bool) -> PeriodReading:
        if not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1] or not 1900 <= year <= 2200:
            return self.bad(start, end)
        found = date(year, month, day)
        return PeriodReading("period", start, end, Period(kind="absolute", start=found, end=found), year_said=said)

    def _latest(self, month: int, day: int = 1) -> int:
        """The year of the latest such day that has begun."""
        return self.as_of.year if (month, day) <= (self.as_of.month, self.as_of.day) else self.as_of.year - 1

    def month_day(self, i: int) -> PeriodReading | None:
        """1 March (2011) · March 1st, 2011 · 31 February."""

        def is_day(k: int) -> int | None:
            if k < len(self.tokens) and self.tokens[k].kind == "number" and self.tokens[k].unit in {None, "ordinal"}:
                value = self.tokens[k].value or 0
                return (
                    int(value) if value == int(value) and 1 <= value <= 99 and len(self.tokens[k].text) <= 4 else None
                )
            return None

        start = i
        if self.lemma(i) in heard("the"):
            i += 1
        day, month = is_day(i), self.w.months.get(self.lemma(i))
        if day is not None:
            k = i + 2 if self.lemma(i + 1) in heard("of") else i + 1
            month = self.w.months.get(self.lemma(k))
            if month is None:
                return None
            end = k + 1
        elif month is not None and is_day(i + 1) is not None and not self.unit(i + 2):
            day, end = is_day(i + 1), i + 2
        else:
            return None
        year, end = self._with_year(end)
        assert day is not None
        return self._day(year or self._latest(month, min(day, 28)), month, day, start, end, said=year is not None)

    def month(self, i: int) -> PeriodReading | None:
        month = self.w.months.get(self.lemma(i)) if i < len(self.tokens) and self.tokens[i].kind == "word" else None
        if month is None:
            return None
        year, end = self._with_year(i + 1)
        if self.lemma(i) in heard("period_grammar.verb_months") and year is None and not self._month_context(i):
            return None
        named = Period(kind="named", month=month, year=year or beside_last(self, Period(kind="named", month=month)))
        return PeriodReading("period", i, end, named, year_said=named.year is not None)

    def _month_context(self, i: int) -> bool:
        """Whether "may" stands for the month: not before a pronoun or a verb of its subject ("customers who may
        leave")."""
        if self.lemma(i) not in heard("period_grammar.may") or len(self.tokens) == 1:
            return True
        before, after = self.lemma(i - 1) if i else "", self.lemma(i + 1)
        modal = self.w.modal
        if after in modal["after"]:
            return False
        subject = before in modal["before"]
        return not (subject and (after in modal["verbs"] or bool(self.tokens[i + 1 : i + 2]) and self._verb(after)))

    def _verb(self, word: str) -> bool:
        entries = self.lex.tree.children.get(word)
        return entries is not None and any(kind in {"act", "do"} for kind, _ in entries.entries)

    def quarter(self, i: int) -> PeriodReading | None:
        match = re.fullmatch(r"q(\d)|(\d)q", self.lemma(i))
        end = i + 1
        number = int(match.group(1) or match.group(2)) if match else None
        if number is None and self.lemma(i + 1) in heard("quarter") and self.tokens[i].unit == "ordinal":
            number, end = int(self.tokens[i].value or 0), i + 2
        if number is None and self.lemma(i) in heard("quarter") and i + 1 < len(self.tokens):
            said = re.fullmatch(r"\d", self.tokens[i + 1].text)
            number, end = (int(said.group()), i + 2) if said else (None, end)
        if number is None:
            return None
        if not 1 <= number <= 4:
            return self.bad(i, end)
        year, end = self._with_year(end)
        return PeriodReading(
            "period", i, end, Period(kind="named", quarter=number, year=year), year_said=year is not None
        )

    def half(self, i: int) -> PeriodReading | None:
        for number in (1, 2):
            end = self.phrase(i, self.w.phrases[f"half{number}"])
            if end is None:
                continue
            year, after = self._with_year(end)
            short = self.lemma(i) in heard("period_grammar.half_years")
            if year is None and not short and not self.unit(end) and self.lemma(end) in heard("of"):
                return None
            first = 1 if number == 1 else 7
            said, year = year is not None, year or self._latest(first)
            last = date(year, first + 5, monthrange(year, first + 5)[1])
            half = Period(kind="absolute", start=date(year, first, 1), end=last)
            return PeriodReading("period", i, after, half, year_said=said)
        return None

    def week(self, i: int) -> PeriodReading | None:
        k = i + 1 if self.lemma(i) in heard("period_grammar.calendar") else i
        if (
            self.lemma(k) not in heard("week")
            or k + 1 >= len(self.tokens)
            or not re.fullmatch(r"\d{1,2}", self.tokens[k + 1].text)
        ):
            return None
        number = int(self.tokens[k + 1].text)
        year, end = self._with_year(k + 2)
        if not 1 <= number <= 53:
            return self.bad(i, k + 2)
        return PeriodReading("period", i, end, Period(kind="named", week=number, year=year), year_said=year is not None)

    def event(self, i: int) -> PeriodReading | None:
        end = self.phrase(i, self.w.events)
        if end is None:
            return None
        name = self.w.events[self.key(i, end)]
        year, after = winter_years(self, end, name) or self._with_year(end)
        named = Period(kind="named", event=name, year=year or beside_last(self, Period(kind="named", event=name)))
        return PeriodReading("period", i, after, named, year_said=named.year is not None)

    def bare_year(self, i: int) -> PeriodReading | None:
        year = self.year(i)
        if year is None:
            return None
        before = self.tokens[i - 1].word if i else ""
        of_each = i > 1 and self.lemma(i - 2) in heard("period_grammar.of_each")  # "orders per customer 2011"
        if before in heard("period_grammar.no_year_after") and not of_each or self.unit(i + 1):
            return None
        return PeriodReading("period", i, i + 1, Period(kind="named", year=year), year_said=True)

    def single(self, i: int) -> PeriodReading | None:
        end = self.phrase(i, self.w.singles)
        if end is None:
            return None
        period = self.w.singles[self.key(i, end)]
        if period.offset > 0:
            return PeriodReading("future", i, end, count=1, unit="day")
        return PeriodReading("period", i, end, period)

    # -- ranges --------------------------------------------------------------------------------------------------

    def bounds(self, period: Period) -> tuple[date, date] | None:
        """First and last day of a calendar, named or absolute period; None for the rest."""
        if period.kind == "absolute":
            return (period.start, period.end or period.start) if period.start else None
        if period.kind == "named" and not period.event and not period.week:
            if period.month:
                year = period.year or self._latest(period.month)
                return date(year, period.month, 1), date(year, period.month, monthrange(year, period.month)[1])
            if period.quarter:
                first = 3 * period.quarter - 2
                year = period.year or self._latest(first)
                return date(year, first, 1), date(year, first + 2, monthrange(year, first + 2)[1])
            return (date(period.year, 1, 1), date(period.year, 12, 31)) if period.year else None
        if period.kind == "named" and period.week:
            return week_span(period.week, period.year, self.as_of)
        if period.kind == "named" and period.event:
            return event_span(period.event, period.year, self.as_of)
        if period.kind == "calendar" and period.count == 1:
            return self._calendar_bounds(period)
        return None

    def _calendar_bounds(self, period: Period) -> tuple[date, date]:
        today = self.as_of
        if period.unit == "day":
            day = today + timedelta(days=period.offset)
            return day, day
        if period.unit == "week":
            monday = today - timedelta(days=today.weekday()) + timedelta(weeks=period.offset)
            return monday, monday + timedelta(days=6)
        size = {"month": 1, "quarter": 3, "year": 12}[str(period.unit)]
        index = (today.year * 12 + today.month - 1) // size * size + period.offset * size
        last = index + size - 1
        return date(index // 12, index % 12 + 1, 1), date(
            last // 12, last % 12 + 1, monthrange(last // 12, last % 12 + 1)[1]
        )

    def range(self, i: int) -> PeriodReading | None:
        """from March to June (2011) · between 1 March and 15 June 2011 · Oct-Dec 2010 · Dec 5 to 8, 2018."""
        start = i
        opened = self.listed(i, "from")
        first = self.edge(opened or i) or self.point(opened or i) or self._first_of_days(opened or i)
        if first is None or first.period is None:
            return first if first is not None and first.kind == "bad_period" and opened else None
        joined = self.listed(first.end, "to")
        if joined is None or (not opened and self.lemma(first.end) in heard("and")):
            return None
        second = self.edge(joined) or self.point(joined)
        if (
            second is None
            and first.period.kind == "absolute"
            and self.tokens[joined : joined + 1]
            and (self.tokens[joined].kind == "number" and first.period.start)
        ):
            year, end = self._with_year(joined + 1)
            begin = first.period.start.replace(year=year) if year else first.period.start
            second = self._day(
                begin.year, begin.month, int(self.tokens[joined].value or 0), joined, end, said=year is not None
            )
            first = replace(first, period=Period(kind="absolute", start=begin, end=begin))
        if second is None or second.kind != "period" or second.period is None:
            return second if second is not None and second.kind == "bad_period" else None
        return self._joined(first, second, start)

    def _first_of_days(self, i: int) -> PeriodReading | None:
        """As in "(between) 1 and 15 May": the first day, with the month and year of the second."""
        token = self.tokens[i] if i < len(self.tokens) else None
        joined = self.listed(i + 1, "to")
        if token is None or token.kind != "number" or token.unit not in {None, "ordinal"} or joined is None:
            return None
        second = self.month_day(joined)
        if second is None or second.period is None or second.period.start is None:
            return None
        end, day = second.period.start, int(token.value or 0)
        if not 1 <= day <= end.day:
            return None
        return self._day(end.year, end.month, day, i, i + 1, said=second.year_said)

    def _joined(self, first: PeriodReading, second: PeriodReading, start: int) -> PeriodReading | None:
        assert first.period is not None and second.period is not None
        low = first.period
        high = second.period
        if second.year_said and not first.year_said and low.kind == "named" and (low.month or low.quarter):
            low = low.model_copy(update={"year": high.year or (high.start.year if high.start else None)})
        elif second.year_said and not first.year_said and low.kind == "absolute" and low.start:
            ends = self.bounds(high)
            if ends:
                moved = low.start.replace(year=ends[1].year)
                low = Period(kind="absolute", start=moved, end=moved)
        begin, end = self.bounds(low), self.bounds(high)
        if begin is None or end is None:
            return None
        if begin[0] > end[1] and not (first.year_said or second.year_said) and _in_one_year(begin[0], end[1]):
            # "from 15 November to 24 December", asked on 9 December: those of the year before
            day = min(begin[0].day, monthrange(end[1].year, begin[0].month)[1])
            begin = (begin[0].replace(year=end[1].year, day=day), begin[1])
        if begin[0] > end[1]:  # "from November to February": the start is the year before
            if first.year_said:
                return replace(self.bad(start, second.end), ends=(low, high))
            begin = (begin[0].replace(year=end[1].year - 1, day=min(begin[0].day, 28)), begin[1])
        return PeriodReading(
            "period",
            start,
            second.end,
            Period(kind="absolute", start=begin[0], end=end[1]),
            year_said=True,
            ends=(low, high),
            computed=bool(low.week or high.week),
        )

    def _openings(self, i: int) -> list[tuple[str, int]]:
        """Where a period may begin: "since the start of" may be one phrase, or "since" alone."""
        found = [(name, after) for name in ("since", "until") if (after := self.listed(i, name)) is not None]
        alone = [(name, i + 1) for name, after in found if after > i + 1 and self.lemma(i) in self.w.lists[name]]
        return found + alone

    def open(self, i: int) -> PeriodReading | None:
        """since June · after 2010 · before March 2011 · until yesterday."""
        for name, after in self._openings(i):
            if self.lemma(after) in heard("the") and not self.phrase(after, self.w.singles):
                after += 1
            found = self.edge(after) or self.part(after) or self.point(after) or self.relative(after)
            if found is not None and self.lemma(i) in heard("from") and self.listed(found.end, "to"):
                continue  # the first half of "from … to …"
            if found is None and self.duration(after) and self.lemma(self.duration(after)[2]) in heard("ago"):  # type: ignore[index]
                found = self.ago(after)
            if found is None:
                continue
            if found.kind == "ago":
                begin = self.as_of - timedelta(days=found.days)
                period = Period(kind="absolute", start=begin) if name == "since" else Period(kind="absolute", end=begin)
                return PeriodReading("period", i, found.end, period, open_end=name)  # type: ignore[arg-type]
            if found.kind != "period" or found.period is None:
                return replace(found, start=i) if found.kind == "bad_period" else None
            ends = self.bounds(found.period)
            if ends is None:
                continue
            word = self.lemma(i)
            if word in heard("period_grammar.throughout") and _whole_year(found.period):
                return replace(found, start=i)  # "how did it develop through 2011"
            if name == "since":
                first = ends[1] + timedelta(days=1) if word in heard("after") else ends[0]
                period = Period(kind="absolute", start=first)
            else:
                last = ends[1] if word in heard("period_grammar.until") else ends[0] - timedelta(days=1)
                period = Period(kind="absolute", end=last)
            return PeriodReading("period", i, found.end, period, open_end=name, year_said=True)  # type: ignore[arg-type]
        return None

    def ago(self, i: int) -> PeriodReading | None:
        long = self.duration(i)
        if long and self.lemma(long[2]) in self.w.lists["ago"]:
            return PeriodReading("ago", i, long[2] + 1, count=long[0], unit=long[1])
        return None

    def day_kind(self, i: int) -> PeriodReading | None:
        """on Mondays · at the weekend: a filter on the day of the week, not a stretch of time."""
        names = list(dict.fromkeys(self.w.weekdays.values()))
        hours = HOURS.fullmatch(self.tokens[i].text)
        if hours:
            return PeriodReading("day_kind", i, i + 1, hours=(int(hours.group(1)), int(hours.group(2))))
        if self.phrase(i, self.w.phrases["weekend"]):
            return PeriodReading("day_kind", i, i + 1, weekdays=tuple(names[5:]))
        end = self.phrase(i, self.w.phrases["workday"])
        if end:
            return PeriodReading("day_kind", i, end, weekdays=tuple(names[:5]))
        day = self.w.weekdays.get(self.tokens[i].word)
        if day and (len(self.tokens[i].word) > 3):
            return PeriodReading("day_kind", i, i + 1, weekdays=(day,))
        return None


def _in_one_year(first: date, last: date) -> bool:
    """Whether two days, whatever their years, follow each other in the calendar."""
    return (first.month, first.day) <= (last.month, last.day)


def read_period(tokens: list[Token], start: int, lex: Lexicon, as_of: date) -> PeriodReading | None:
    """The longest period, duration or future that begins at ``start`` (a leading preposition included).

    Args:
        tokens: of the whole text.
        start: position to read from.
        lex: the language's lexicon.
        as_of: analysis date; months without a year are the latest that have begun.
    """
    if tokens[start].kind == "stop":
        return None
    reader = PeriodReader(tokens, lex, as_of)
    begins = [start]
    after = reader.listed(start, "prepositions")
    if after is not None and after < len(tokens):
        begins.append(after)
        if reader.lemma(after) in heard("the") and after + 1 < len(tokens):
            begins.append(after + 1)
    best: PeriodReading | None = None
    for begin in begins:
        for method in (*reader.readers(), reader.day_kind):
            found = method(begin)
            if found is not None and (best is None or found.end > best.end):
                best = replace(found, start=start)
    if best is None:
        for begin in begins:
            long = reader.duration(begin)
            if (
                long
                and (tokens[begin].kind == "number" or long[2] - begin > 1)
                and reader.lemma(begin) not in heard("indefinite")
                or (long and reader.lemma(begin) in heard("indefinite") and begin != start)
            ):
                best = PeriodReading("duration", start, long[2], count=long[0], unit=long[1])
    return _until_end_of(best, reader) if best else None


def _until_end_of(found: PeriodReading, reader: PeriodReader) -> PeriodReading:
    """As in "this year so far" → to date; "the last 30 days of 2011" is left to composition."""
    k, so_far = found.end, heard("period_grammar.so_far")
    if found.kind != "period" or found.period is None or f"{reader.lemma(k)} {reader.lemma(k + 1)}" not in so_far:
        return found
    if found.period.kind == "calendar" and found.period.offset == 0:
        return replace(found, end=k + 2, period=Period(kind="to_date", unit=found.period.unit))
    if found.period.kind == "named":
        return replace(found, end=k + 2)
    return found
