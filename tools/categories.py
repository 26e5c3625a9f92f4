"""Categories of products where the data have none: proposed from the names, changed and used as people accept them."""

from __future__ import annotations

from assistant.plans import AdoptCategories, ChangeCategories, ProposeCategories, ShowCategories
from assistant.results import Result
from assistant.workspace import Workspace


def propose_categories(workspace: Workspace, request: ProposeCategories) -> Result:
    """Propose a two-level taxonomy of the products from their names, with its quality; changes nothing."""
    return workspace.categories.propose(request)


def adopt_categories(workspace: Workspace, request: AdoptCategories) -> Result:
    """Use the proposed categories in questions, segments and filters, or stop using them. Can be undone.

    Only when the person accepts the proposal; never on your own.
    """
    return workspace.categories.adopt(request)


def show_categories(workspace: Workspace, request: ShowCategories) -> Result:
    """List the agreed categories with sizes and sales, or the products of one of them."""
    return workspace.categories.show(request)


def change_categories(workspace: Workspace, request: ChangeCategories) -> Result:
    """Rename, merge or add agreed categories, move products between them, or set a rule by words of names."""
    return workspace.categories.change(request)
