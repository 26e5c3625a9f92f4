"""Names of groups from their own distinguishing words.

Words are ranked by the z-score of their log-odds against all other products, with the whole catalogue as an informative
Dirichlet prior: Monroe, Colaresi & Quinn (2008), "Fightin' Words", *Political Analysis* 16(4), 372–403. That favours
words that are both frequent here and rare elsewhere; a word that also ends names ("mug") is preferred to one that only
describes ("glass").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from assistant.models.taxonomy.words import Names, WordLists, plural

#: weight of the prior, in words
PRIOR = 100.0
#: a second word must say what this share of the group is
SECOND = 0.04
#: no further word is added once all but this share of the group holds one of those before
COVERED = 0.35
#: a word before the head belongs to the name if it stands there in this share of the cases
FIXED = 0.55
#: a head that describes more than it names ("christmas"): its usual partner is put behind it
THEME = 0.3


def distinguishing(inside: Sequence[Sequence[str]], counts: dict[str, int], total: int) -> dict[str, float]:
    """z-score of each word of the products ``inside`` against the rest of the catalogue.

    Args:
        counts: word → products of the whole catalogue that hold it; ``total`` its sum.
    """
    here = Counter(w for words in inside for w in set(words))
    n_here = sum(here.values())
    n_rest = total - n_here
    found = {}
    for word, y in here.items():
        prior = PRIOR * counts[word] / total
        rest = counts[word] - y
        odds = np.log((y + prior) / (n_here + PRIOR - y - prior))
        odds -= np.log((rest + prior) / max(n_rest + PRIOR - rest - prior, 1e-9))
        found[word] = float(odds / np.sqrt(1 / (y + prior) + 1 / (rest + prior)))
    return found


def name_of(inside: Sequence[tuple[str, ...]], names: Names, lists: WordLists, most: int = 2) -> tuple[str, list[str]]:
    """A name for a group, and its distinguishing words, most telling first.

    Args:
        inside: words of each product of the group.
        most: phrases in the name.
    """
    total = sum(names.counts.values())
    z = distinguishing(inside, names.counts, total)
    told = sorted((w for w in z if z[w] > 0 and len(w) > 2), key=lambda w: (-z[w], w))
    left, phrases = list(inside), []
    while len(left) > COVERED * len(inside) and len(phrases) < most or not phrases and left:
        share = SECOND * len(inside) if phrases else 0
        word = _best(left, z, names, lists, max(2 if len(inside) > 3 else 1, share))
        if word is None:
            break
        phrase = _phrase(word, left, names, lists)
        if all(phrase != p for p in phrases):
            phrases.append(phrase)
        left = [words for words in left if word not in words]
    if not phrases:
        phrases = [plural(told[0], lists)] if told else []
    text = f" {lists.joiner} ".join(phrases) if len(phrases) < 3 else \
        f"{', '.join(phrases[:-1])} {lists.joiner} {phrases[-1]}"
    return text[:1].upper() + text[1:], told[:8]


def _best(
    left: Sequence[tuple[str, ...]], z: dict[str, float], names: Names, lists: WordLists, least: float
) -> str | None:
    here = Counter(w for words in left for w in set(words))
    ranked = [
        (z[w] * np.sqrt(n) * (0.15 + names.headness[w]), w) for w, n in here.items()
        if n >= least and z[w] > 0 and lists.can_name(w)
    ]
    return max(ranked)[1] if ranked else None


def _phrase(word: str, left: Sequence[tuple[str, ...]], names: Names, lists: WordLists) -> str:
    """The word in the plural, with what always stands before it ("photo frames") or mostly behind a theme."""
    holding = [words for words in left if word in words]
    if names.headness[word] < THEME:
        behind = Counter(words[-1] for words in holding if words[-1] != word)
        if behind:
            partner, n = behind.most_common(1)[0]
            if n >= 0.3 * len(holding) and partner not in lists.no_kinds and names.headness[partner] >= THEME:
                return f"{word} {plural(partner, lists)}"
        return word if word in lists.mass else plural(word, lists)
    phrase, first = plural(word, lists), word
    for _ in range(2):
        before = Counter(words[words.index(first) - 1] for words in holding if first in words and words.index(first))
        if not before:
            break
        lead, n = before.most_common(1)[0]
        if n < FIXED * len(holding) or lead == first:
            break
        phrase, first = f"{lead} {phrase}", lead
    return phrase


def told_apart(
    groups: Sequence[Sequence[tuple[str, ...]]], names: Names, lists: WordLists, taken: Sequence[str] = (),
    most: int = 2,
) -> list[str]:
    """Names of sibling groups, in order; one that would repeat another says what sets it apart ("Trinket boxes").

    Args:
        groups: words of each product of each sibling.
        taken: names in use elsewhere.
        most: phrases in a name.
    """
    used, found = {t.casefold() for t in taken}, [""] * len(groups)
    together = [words for inside in groups for words in inside]
    counts = dict(Counter(w for words in together for w in set(words)))
    for i in sorted(range(len(groups)), key=lambda i: -len(groups[i])):
        inside = groups[i]
        text, _ = name_of(inside, names, lists, most)
        if not text or text.casefold() in used:
            text = next((t for t in _others(inside, counts, names, lists) if t.casefold() not in used), text)
        found[i] = _numbered(text or lists.other, used)
        used.add(found[i].casefold())
    return found


def _others(inside: Sequence[tuple[str, ...]], counts: dict[str, int], names: Names, lists: WordLists) -> list[str]:
    """Further names of a group, from what sets it apart from its siblings."""
    z = distinguishing(inside, counts, max(sum(counts.values()), 1))
    here = Counter(w for words in inside for w in set(words))
    found = []
    for word in sorted(z, key=lambda w: (-z[w], w))[:12]:
        if here[word] < 2 or word in lists.dropped or len(word) < 3:
            continue
        if lists.can_name(word) and names.headness[word] >= THEME:
            text = _phrase(word, inside, names, lists)
        else:
            behind = Counter(words[-1] for words in inside if word in words and words[-1] != word
                             and lists.can_name(words[-1]))
            if not behind:
                continue
            text = f"{word} {plural(behind.most_common(1)[0][0], lists)}"
        found.append(text[:1].upper() + text[1:])
    return found


def _numbered(text: str, used: set[str]) -> str:
    """The name, with a number behind it where it is in use."""
    tried, turn = text, 2
    while tried.casefold() in used:
        tried, turn = f"{text} {turn}", turn + 1
    return tried
