"""Recommendations and search, measured; one folder per protocol, each with its own results."""
