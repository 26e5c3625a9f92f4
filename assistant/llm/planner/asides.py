"""What is said beside a question: greetings, courtesy, opinions, whom the answer is for. Taken off before any
reading looks.

"Hi team, my boss wants to know how many orders we got last month, if that's ok" asks for the orders of last month. The
wordings are data (``prompts/lexicon/<language>/asides.yaml``), by the place where they can stand, and none of them can
narrow what is counted. Read as words of the question they would: "wow" is a slip of "week", "to be clear" is clearance.
"""

from __future__ import annotations

import re
from functools import lru_cache

from assistant.llm.planner.language_files import read_yaml

_MACRO = re.compile(r"(?<!\?P)<(\w+)>")
_QUOTED = re.compile(r'["“”«»]')
_MARK = r"\s*[,.!?:;…–—-]+(?=\s)\s*|\s*…\s*"
_WORD = re.compile(r"[^\W_]+(?:'\w+)?")
#: so many words must be left, or the aside was all that was said
_LEAST = 2
#: … and so many before words at the end that may be a question of their own ("any idea?")
_LEAST_BEFORE = 3
_MOST = 8
#: longer texts are reports and letters
_LONGEST = 600


@lru_cache(maxsize=4)
def _rules(language: str) -> tuple[tuple[re.Pattern[str], str, int], ...]:
    """Patterns with what is put in their place, and how many words must be left."""
    raw = read_yaml(language, "asides") or {}
    macros = raw.get("macros", {})

    def whole(pattern: str) -> str:
        while _MACRO.search(pattern):  # a macro may use others
            pattern = _MACRO.sub(lambda m: str(macros[m.group(1)]), pattern)
        return pattern.replace(" ?", r"\s*").replace(" ", r"\s+")

    def any_of(place: str) -> str:
        return "|".join(f"(?:{whole(str(one))})" for one in raw[place])

    if "asking" not in macros:
        return ()  # a language that has none
    start, end = r"^\W*", r"\s*[.?!…]*\s*$"
    made = [
        (rf"{start}(?:{any_of('front')})(?![\w'])(?:{_MARK}|\s+)(?=\S)", "", _LEAST),
        (rf"{start}(?:{any_of('front_marked')})(?![\w'])(?:{_MARK}|\s+(?={macros['asking']}\b))(?=\S)",
         "", _LEAST),
        (rf"(?:\s*[,.;:!?…–—-]+\s*|\s+)(?:{any_of('end')})(?P<end>{end})", "end", _LEAST_BEFORE),
        (rf"^({macros['asking']}\b.*?)[,\s]+(?:{any_of('end_of_question')})(?P<end>{end})", "begun", _LEAST),
        (rf"\s*[,.;:!?…–—-]+\s*(?:{any_of('end_marked')})(?P<end>{end})", "end", _LEAST),
        *((rf"(?<![\w'])(?:{whole(said)})(?![\w'])\s*", "kept", _LEAST) for said in raw["anywhere"]),
        *((rf"(?<![\w'])(?:{whole(said)})(?![\w'])", new, _LEAST) for new, said in raw["put"].items()),
    ]
    return tuple((re.compile(pattern, re.IGNORECASE), put, least) for pattern, put, least in made)


def without_asides(text: str, language: str) -> str:
    """The text without what is said beside its question; itself where nothing is, or where that is all it says."""
    if len(text) > _LONGEST or _QUOTED.search(text) or "\n" in text.strip():
        return text
    for _ in range(_MOST):
        said = _once(text, language)
        if said == text:
            break
        text = said
    return text


def _once(text: str, language: str) -> str:
    for pattern, put, least in _rules(language):
        left = pattern.sub(lambda m, put=put: _put(m, put), text).strip()
        if left != text.strip() and len(_WORD.findall(left)) >= least:
            return left
    return text


def _put(match: re.Match[str], put: str) -> str:
    """What takes the place of an aside: the mark at the end of the text, the word that led to it, or other words."""
    if put in {"end", "begun"}:
        return ("" if put == "end" else str(match.group(1))) + match["end"].strip()
    return str(match.group(1)) if put == "kept" and match.re.groups else "" if put == "kept" else put
