"""Words that several products' names hold: "wool scarf" is every wool scarf, whatever its colour."""

from __future__ import annotations

from assistant.llm.planner.spans import Reading
from assistant.plans.shop import Shop

#: products looked at, and how like the words a name must be to be one of them
_MOST, _LIKE = 60, 60.0


def family_said(reading: Reading, product: str, shop: Shop) -> str | None:
    """The words of a product's name that a text says, where other products' names hold them all too; else None.

    Args:
        product: id of the product that the words were taken for.
    """
    lemmas = reading.vocabulary.lexicon.lemmas
    label = next((m.label for m in shop.find(product, ("product",), 1) if m.value == product), None)
    if label is None:
        return None
    own = [w for w in lemmas(label.lower()) if w.isalnum()]
    said = [t.lemma for t in reading.tokens if t.lemma in own and t.lemma.isalnum()]
    said = list(dict.fromkeys(said))
    if not said or set(own) <= set(said) or any(t.text == product for t in reading.tokens):
        return None
    found = [m for m in shop.find(" ".join(said), ("product",), _MOST) if m.kind == "product" and m.score >= _LIKE]
    family = {m.value for m in found if set(said) <= set(lemmas(m.label.lower()))}
    return " ".join(said) if len(family | {product}) > 1 else None


__all__ = ["family_said"]
