"""A catalogue without categories whose kinds are planted, and vectors that know which words belong together."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from assistant.data.warehouse import Snapshot
from tests.support.shop_builder import shop_of

#: kind → words that name its products; twelve themes with two to three kinds of product each
THEMES: dict[str, tuple[str, ...]] = {
    "drink": ("mug", "teacup", "tumbler"), "light": ("candle", "lantern"), "write": ("notebook", "pencil", "eraser"),
    "carry": ("bag", "purse"), "wear": ("necklace", "bracelet", "earring"), "sleep": ("cushion", "blanket"),
    "play": ("puzzle", "teddy"), "cook": ("saucepan", "ladle"), "grow": ("planter", "trowel"),
    "wash": ("towel", "sponge"), "greet": ("postcard", "envelope"), "hang": ("picture", "clock"),
}
COLOURS = ("red", "blue", "green", "pink", "white", "black")
MOTIFS = ("owl", "daisy", "ladybird", "anchor", "cloud", "fern", "acorn")


def planted(per_word: int = 12) -> tuple[dict[str, str], dict[str, str]]:
    """Product id → name, and product id → theme."""
    names, themes = {}, {}
    for theme, words in THEMES.items():
        for word in words:
            for i in range(per_word):
                product = f"{theme[:2].upper()}{word[:2].upper()}{len(names):04d}"
                names[product] = f"SET OF {i + 2} {COLOURS[i % 6]} {MOTIFS[(i + len(word)) % 7]} {word}".upper()
                themes[product] = theme
    return names, themes


def meaning(texts: Sequence[str]) -> np.ndarray:
    """Unit vectors [n, 96]: words of one theme lie close together, a motif adds a little, others are far."""
    of_theme = {word: theme for theme, words in THEMES.items() for word in words}
    rows = []
    for text in texts:
        row = np.zeros(96)
        for word in text.split():
            single = word[:-1] if word.endswith("s") and word[:-1] in of_theme else word
            if single in of_theme:
                row += 1.0 * _direction(of_theme[single]) + 0.6 * _direction(single)
            else:
                row += 0.35 * _direction(word)
        rows.append(row)
    found = np.asarray(rows)
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def _direction(word: str) -> np.ndarray:
    vector = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(96)
    return vector / np.linalg.norm(vector)


def nameless_shop(folder: Path, names: dict[str, str]) -> Snapshot:
    """A shop of these products without categories; each is bought three times, by customers of its own theme."""
    orders = []
    for number, product in enumerate(sorted(names)):
        for visit in range(3):
            orders.append((f"K{number % 40:03d}", f"2024-0{visit + 1}-{1 + number % 27:02d}", [product]))
    products = pd.DataFrame({"product_id": list(names), "name": list(names.values())})
    return shop_of(folder, orders, products)
