"""Fixtures for every room. Tests are offline, and the shared shops are built once per machine."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as property_settings

from tests.support.offline import block_network, clean_environment

clean_environment()
block_network()
# The default suite tries the same examples every time; "make test-all" looks for new ones (profile "exploring").
property_settings.register_profile("repeatable", derandomize=True, database=None)
property_settings.register_profile("exploring")
property_settings.load_profile("repeatable")
gc.set_threshold(100_000, 20, 100)  # the shops and lexicons stay: looking through them often finds nothing

from assistant.data.warehouse import Snapshot, open_snapshot  # noqa: E402  the environment comes first
from assistant.models.uplift import fitted  # noqa: E402
from assistant.settings import Settings  # noqa: E402
from tests.support.fits import once_per_data  # noqa: E402
from tests.support.shared_data import shared_data  # noqa: E402
from tests.support.shops import (  # noqa: E402
    DEMO_SOURCES,
    INDEX_SOURCES,
    LOAD_SOURCES,
    cached_home,
    embed_products,
    source_hash,
)
from tests.support.tiny_shop import tiny_shop  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def uplift_fitted_once() -> Iterator[None]:
    """What past campaigns teach takes seconds to fit, and every draft asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitted, "fit_uplift", once_per_data(fitted.fit_uplift))
        yield


@pytest.fixture
def tiny(tmp_path: Path) -> Snapshot:
    """The hand-sized shop, freshly written."""
    return tiny_shop(tmp_path / "tiny" / "snapshots")


@pytest.fixture(scope="session")
def demo_home() -> Path:
    """Home folder of the demo shop with the default seed. Read only: copy it (``copy_home``) to change it."""
    from assistant.data.demo import DEFAULT_SEED, build_demo

    def build(settings: Settings) -> None:
        build_demo(settings, seed=DEFAULT_SEED)
        embed_products(settings)

    return cached_home("demo", source_hash(*DEMO_SOURCES, *INDEX_SOURCES, extra=str(DEFAULT_SEED)), build)


@pytest.fixture(scope="session")
def demo_snapshot(demo_home: Path) -> Snapshot:
    """The demo shop with the default seed, opened read-only."""
    return open_snapshot(demo_home / "snapshots")


@pytest.fixture(scope="session")
def online_retail_home() -> Path:
    """Home folder with Online Retail II loaded; skips where the file is not on this machine."""
    path = shared_data("online_retail_ii/online_retail_ii.parquet")
    from assistant.data.load import load

    def build(settings: Settings) -> None:
        load([path], settings)
        embed_products(settings)

    stamp = path.stat()
    key = source_hash(*LOAD_SOURCES, *INDEX_SOURCES, without=("assistant/data/demo/",),
                      extra=f"{stamp.st_size}:{stamp.st_mtime_ns}")
    return cached_home("online-retail", key, build)


@pytest.fixture(scope="session")
def online_retail_snapshot(online_retail_home: Path) -> Snapshot:
    """Online Retail II, opened read-only."""
    return open_snapshot(online_retail_home / "snapshots")
