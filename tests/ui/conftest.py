"""Words of the page."""

from __future__ import annotations

import pytest

from assistant.ui.texts import Texts, load_texts


@pytest.fixture(scope="session")
def texts() -> Texts:
    return load_texts("en")
