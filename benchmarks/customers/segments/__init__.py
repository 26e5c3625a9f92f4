"""Segments that are found."""
