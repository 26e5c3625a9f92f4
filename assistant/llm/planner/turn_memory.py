"""What one turn has read already: the same words are not read twice, however many readings look at them.

The memory lives as long as the turn is planned. Within it the shop, its terms and settings, the language and the
conversation stand still; what is kept by a text alone must depend on nothing but these.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

_MEMORY: ContextVar[dict[Hashable, Any] | None] = ContextVar("what the turn has read", default=None)
T = TypeVar("T")


@contextmanager
def remembering() -> Iterator[None]:
    """Keep what is read inside the block; a block inside another one shares its memory."""
    if _MEMORY.get() is not None:
        yield
        return
    token = _MEMORY.set({})
    try:
        yield
    finally:
        _MEMORY.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """The value of that key, made at its first use in the turn; made anew where no turn is being planned."""
    memory = _MEMORY.get()
    if memory is None:
        return make()
    if key not in memory:
        memory[key] = make()
    return memory[key]
