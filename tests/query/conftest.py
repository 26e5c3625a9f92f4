"""One tiny shop for all tests of the query room; it is only read."""

from __future__ import annotations

import pytest

from tests.support.tiny_shop import tiny_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    return tiny_shop(tmp_path_factory.mktemp("tiny"))
