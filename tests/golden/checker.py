"""The judge of the gold questions, for tests: it lives beside the benchmark that reports on them."""

from __future__ import annotations

from benchmarks.questions.checker import Answering, Case, InProcess, Verdict, examine, judge, load_cases

__all__ = ["Answering", "Case", "InProcess", "Verdict", "examine", "judge", "load_cases"]
