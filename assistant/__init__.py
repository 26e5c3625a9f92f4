"""Marketing assistant for retail and e-commerce: every number computed, every promise checked."""

__version__ = "0.1.0"
