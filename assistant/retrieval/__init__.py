"""Products found by words, by meaning and by likeness. See ``docs/retrieval.md``."""
