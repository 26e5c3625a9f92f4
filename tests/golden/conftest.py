"""What the questions of the golden set share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.agent.followups import FollowUpCheck


@pytest.fixture(scope="module")
def untried_suggestions() -> Iterator[None]:
    """Suggestions are not run before they are shown: that takes as long as the answers, which alone are judged here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FollowUpCheck, "works", lambda self, text, wait=True: True)
        yield
