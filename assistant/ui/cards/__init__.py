"""Pieces of answer cards: one module per shape, pure functions from results to HTML."""
