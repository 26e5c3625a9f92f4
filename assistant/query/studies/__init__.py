"""Studies of customers over time and of how things are spread; see :mod:`assistant.plans.studies`."""

from assistant.query.studies.run import run_study

__all__ = ["run_study"]
