"""Data questions composed of parts with a known plan: measure × condition × time × split × comparison × rank."""
