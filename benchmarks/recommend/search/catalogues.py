"""Second check: one shop's product name must find the same product in another shop's catalogue (Abt and Buy)."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assistant.retrieval.catalogue import Product
from assistant.retrieval.embedders import Embedder
from assistant.retrieval.lexical import LexicalIndex, words
from assistant.retrieval.search import mixed
from benchmarks.report import Row
from benchmarks.shared_data import data_set

_CODE = re.compile(r"^(?P<name>.+) - (?P<code>[A-Z0-9/-]{4,})$")
K = 10


def _coded(file: str) -> pd.DataFrame:
    """Products whose name ends in a model code that no other product of the catalogue has; the code is cut off."""
    frame = pd.read_csv(data_set("search_relevance", file), encoding="latin-1", dtype=str).fillna("")
    parts = frame["name"].str.strip().str.extract(_CODE.pattern)
    frame = frame.assign(bare=parts["name"], code=parts["code"].str.replace(r"[/-]", "", regex=True))
    times = Counter(frame["code"].dropna())
    return frame[frame["code"].map(lambda c: isinstance(c, str) and times[c] == 1)].reset_index(drop=True)


def place(scores: NDArray[np.floating], row: int) -> tuple[float, float]:
    """Reciprocal rank of a row, and whether it is among the first ten; of equal scores what any order gives on average.

    Scores of words alone are often equal: counting equals as beaten flatters them.
    """
    ahead, equal = int((scores > scores[row]).sum()), int((scores == scores[row]).sum())
    return float(np.mean(1 / np.arange(ahead + 1, ahead + equal + 1))), float(np.clip(K - ahead, 0, equal) / equal)


def rows(embedder: Embedder, known: frozenset[str]) -> list[Row]:
    """Mean reciprocal rank and share found among ten, both cataloguesʼ codes removed from names and descriptions."""
    import bm25s

    abt, buy = _coded("Abt.csv"), _coded("Buy.csv")
    pairs = buy.merge(abt.reset_index()[["index", "code"]], on="code")
    texts = [(str(n), str(d).replace(str(c), " ")) for n, d, c in zip(
        abt["bare"], abt["description"], abt["name"].str.rpartition(" - ")[2], strict=True)]
    index = LexicalIndex([Product(f"{i:06d}", name, description) for i, (name, description) in enumerate(texts)], known)
    vectors = embedder.embed([f"{name}. {description}" for name, description in texts])
    asked = [str(t) for t in pairs["bare"]]
    queries = embedder.embed(asked)
    peer = bm25s.BM25(k1=0.9, b=0.4)
    peer.index([words(f"{name} {description}") for name, description in texts], show_progress=False)
    places: dict[str, list[tuple[float, float]]] = {"ours": [], "embedding": [], "BM25": []}
    for text, vector, row in zip(asked, queries, pairs["index"], strict=True):
        reading = index.read(text)
        cosines = vectors @ vector
        places["ours"].append(place(mixed(index.scores(reading), cosines, len(reading.terms)), row))
        places["embedding"].append(place(cosines, row))
        places["BM25"].append(place(peer.get_scores([w for w in words(text) if w in peer.vocab_dict]), row))
    found = {name: np.array(each) for name, each in places.items()}
    shown = {name: f"{each[:, 1].mean():.3f} / {each[:, 0].mean():.3f}" for name, each in found.items()}
    lead = found["ours"][:, 0] - found["BM25"][:, 0]
    spread = 1.96 * lead.std(ddof=1) / np.sqrt(len(lead))
    best = found["ours"][:, 0].mean()
    return [Row(f"Buy's names find Abt's product, {len(pairs)} pairs among {len(abt):,} (recall@10 / MRR)",
                f"{shown['ours']} (lead in MRR {lead.mean():+.3f} ± {spread:.3f})",
                baseline=f"embedding {shown['embedding']}", peer=f"BM25 {shown['BM25']}", bar="MRR above both",
                met=bool(all(best > found[n][:, 0].mean() for n in ("embedding", "BM25"))))]
