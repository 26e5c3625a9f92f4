"""Claims of deeds: no reply may say that something was sent, approved or exported, for nothing here can do so.

A model that is talked into it, by a person or by text inside the data, may still write "I have sent the campaign".
The words are read, not trusted: a clause that says in the past or perfect that it was done is such a claim, unless the
clause itself denies it. A report on past campaigns may be caught as well; its reply is then worded from the results.
"""

from __future__ import annotations

import re

_DEED = r"(?:sent|e-?mailed|texted|mailed|launched|scheduled|approved|exported|published|dispatched|delivered|queued)"
_ADVERBS = r"(?:(?:just|now|already|also|all|both|been|being|successfully|indeed|finally|duly|hereby)\s+)*"
_ACTIVE = rf"\b(?:I|we)(?:['’]ve|\s+have|['’]m|\s+am)?\s+{_ADVERBS}(?:went\s+ahead\s+and\s+)?{_DEED}\b"
_THING = (
    r"(?:campaigns?|e-?mails?|sms(?:es)?|messages?|texts?|newsletters?|drafts?|exports?|mailings?|it|they|everything)"
)
_PASSIVE = (
    rf"\b{_THING}\b[^.!?;\n]{{0,60}}?\b(?:has|have|had|was|were|is|are|got)\s+{_ADVERBS}"
    rf"(?:{_DEED}|on\s+(?:its|their)\s+way)\b"
)
_BARE = rf"(?:^|(?<=[.!?\n]))[\s>*_-]*(?:done|ok|okay|all)?[\s,.:!–—-]*{_DEED}\b(?!\s+(?:by|campaigns?\s+are))"
_CLAIM = re.compile(rf"{_ACTIVE}|{_PASSIVE}|{_BARE}", re.IGNORECASE)
_DENIAL = re.compile(
    r"\b(?:not|never|no|none|nothing|nobody|neither|nor|without|cannot|unless|until|once|if|before|when|should|would|could"
    r"|can|may|must|will)\b|n['’]t\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.!?;:,\n–—]")


def claims_a_deed(text: str) -> bool:
    """Whether the text says that something was sent, approved, scheduled or exported."""
    return any(not denied(text, match) for match in _CLAIM.finditer(text))


def denied(text: str, match: re.Match[str]) -> bool:
    """Whether the clause up to the end of a match denies or only supposes what is said."""
    return _DENIAL.search(_clause(text, match)) is not None


def _clause(text: str, match: re.Match[str]) -> str:
    """From the last mark before the claim to its verb."""
    start = max((m.end() for m in _CLAUSE_END.finditer(text, 0, match.start())), default=0)
    return text[start : match.end()]
