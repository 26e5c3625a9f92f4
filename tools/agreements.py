"""What words mean here, and saved segments. Changes stay inside the assistant and can be undone."""

from __future__ import annotations

from assistant.plans import (
    AudiencePair,
    ChangeSegment,
    DefineTerm,
    SavedSegmentsRequest,
    SaveSegment,
    TakeBackRequest,
    TermsRequest,
    WithdrawTerm,
)
from assistant.results import Result
from assistant.workspace import Workspace


def define_term(workspace: Workspace, request: DefineTerm) -> Result:
    """Agree on what a word ("loyal", "VIP") means from now on; says which saved segments and drafts that changes.

    Only when the person says what the word should mean; never on your own.
    """
    return workspace.agreed.define(request)


def show_terms(workspace: Workspace, request: TermsRequest) -> Result:
    """List the meanings of words in force, or one of them with its size and its earlier meanings."""
    return workspace.agreed.terms(request)


def withdraw_term(workspace: Workspace, request: WithdrawTerm) -> Result:
    """Give up an agreed meaning: back to the built-in one, or to the one before."""
    return workspace.agreed.withdraw(request)


def save_segment(workspace: Workspace, request: SaveSegment) -> Result:
    """Save customers selected by a rule as a segment under the name the person gives; changes no shop data."""
    return workspace.agreed.save(request)


def show_saved_segments(workspace: Workspace, request: SavedSegmentsRequest) -> Result:
    """List saved segments with sizes and growth, or show one: its rule, its size over time, who joined and left.

    To use one in a question, an audience or a campaign, filter by group 'saved' and its name.
    """
    return workspace.agreed.segments(request)


def change_segment(workspace: Workspace, request: ChangeSegment) -> Result:
    """Rename or delete a saved segment. Its customers are not touched."""
    return workspace.agreed.change(request)


def undo_change(workspace: Workspace, request: TakeBackRequest) -> Result:
    """Take back the latest change of a meaning or a saved segment."""
    return workspace.agreed.undo(request)


def compare_audiences(workspace: Workspace, request: AudiencePair) -> Result:
    """Set two groups of customers against each other: how many are in both, how many in only one."""
    return workspace.agreed.pair(request)
