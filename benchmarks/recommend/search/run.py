"""Product search: ranking, nearest neighbours, embedding, and the whole search."""

from __future__ import annotations

from assistant.retrieval.int8_embedder import Int8Embedder
from benchmarks.recommend.search import catalogues, embedding, neighbours, relevance, whole
from benchmarks.report import Outcome, Row


def run() -> Outcome:
    """Measure everything on Home Depot's, Abt's and Buy's products and on generated vectors."""
    data = relevance.read()
    embedder = Int8Embedder()
    vectors, asked = embedder.embed(data.names), embedder.embed(data.queries)
    out: list[Row] = []
    ranked, notes = relevance.rows(data, relevance.Ours(data, vectors, asked, embedder.language))
    out += ranked
    out += catalogues.rows(embedder, embedder.language)
    near, more = neighbours.rows()
    out += near
    out += embedding.rows(data.names, data.queries)
    out += whole.rows(data.names, vectors, data.queries, embedder)
    notes += [*more, "Abt and Buy: the names' last word, the model code, ties the two catalogues and is cut from both; "
              "BM25 at k1 0.9, b 0.4, untuned, on our words. Products with equal scores get the place that any order "
              "of them gives on average.",
              "Home Depot's products were judged from what a search by words had found, so recall over the whole "
              "catalogue favours search by words: a fitting product that nobody judged counts as missed."]
    return Outcome(
        "Product search", out,
        f"Home Depot product search relevance ({len(data.names):,} products, {len(data.queries):,} queries), Abt and "
        "Buy catalogues, generated vectors", f"{relevance.SEED} (split by SHA-256 of the query), {neighbours.SEED}, "
        f"{embedding.SEED}, {whole.SEED}",
        ("onnxruntime", "torch", "sentence-transformers", "chromadb", "bm25s", "numpy", "scipy", "rapidfuzz"), notes)
