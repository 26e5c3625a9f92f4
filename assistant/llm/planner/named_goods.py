"""Whether words name one product or several: "wool scarf" is said of every colour of it.

Where several are meant, the words themselves go into the plan: the tool knows the family, and says which of it the
answer is about. Taking the nearest name here would drop the others unseen.
"""

from __future__ import annotations

from assistant.llm.planner.heard import language
from assistant.llm.planner.lexicon import lexicon
from assistant.plans.shop import Shop

#: names looked at
_NEAREST = 12


def names_several(said: str, shop: Shop) -> bool:
    """Whether the words stand together in the names of two products or more, and are the name of none."""
    found = [m for m in shop.find(said, ("product",), _NEAREST) if m.kind == "product"]
    if any(said.casefold() in {m.label.casefold(), m.value.casefold()} for m in found):
        return False
    lex = lexicon(language())
    wanted = {w for w in lex.lemmas(said.casefold()) if w not in lex.skip}
    return bool(wanted) and sum(wanted <= set(lex.lemmas(m.label.casefold())) for m in found) > 1


__all__ = ["names_several"]
