"""Experiments: how large and how long, and what came of them."""

from __future__ import annotations

from assistant.plans.experiments import ExperimentRequest, ExperimentSizeRequest
from assistant.results import Result
from assistant.workspace import Workspace


def size_experiment(workspace: Workspace, request: ExperimentSizeRequest) -> Result:
    """Say how large a control group or test must be, how long it must run, or which effect it can show."""
    return workspace.size_experiment(request)


def read_experiment(workspace: Workspace, request: ExperimentRequest) -> Result:
    """Read out a campaign of one's own or an added table of an experiment: effect by arm with intervals, verdict."""
    return workspace.read_experiment(request)
