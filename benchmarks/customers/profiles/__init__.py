"""Interests, fairness tests and reports with noise."""
