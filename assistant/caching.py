"""Compute once per key, also under several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
_ONLY_READY: ContextVar[bool] = ContextVar("only what is ready", default=False)


class NotReady(Exception):  # noqa: N818 - no error: whoever looks only at what is ready expects it
    """What was asked for takes long to make and is not made yet."""


@contextmanager
def only_ready() -> Iterator[None]:
    """Inside the block nothing that takes long is made: asking for it raises :class:`NotReady`."""
    token = _ONLY_READY.set(True)
    try:
        yield
    finally:
        _ONLY_READY.reset(token)


class OnceCache:
    """Remembers the last ``size`` values. Two threads asking for one key compute it once; errors are not kept."""

    def __init__(self, size: int = 32) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, object] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], T], *, slow: bool = False) -> T:
        """The value of ``key``, computed at most once at a time.

        Args:
            slow: it takes long, so that inside :func:`only_ready` it is not computed.

        Raises:
            NotReady: it is ``slow``, not computed yet, and only what is ready was asked for.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]  # type: ignore[return-value]
            if slow and _ONLY_READY.get():
                raise NotReady(f"not made yet: {key!r}")
            own = self._locks.setdefault(key, threading.Lock())
        with own:
            with self._lock:
                if key in self._values:
                    return self._values[key]  # type: ignore[return-value]
            value = compute()
            with self._lock:
                self._values[key] = value
                self._locks.pop(key, None)
                while len(self._values) > self._size:
                    self._values.popitem(last=False)
            return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()


class LazyMapping(Mapping[str, T]):
    """Fixed keys whose values are made when first asked for, once, also under several threads; errors are not kept."""

    def __init__(self, keys: Iterable[str], make: Callable[[str], T]) -> None:
        self._keys = tuple(keys)
        self._make = make
        self._made = OnceCache(max(len(self._keys), 1))

    def __getitem__(self, key: str) -> T:
        if key not in self._keys:
            raise KeyError(key)
        return self._made.get(key, lambda: self._make(key))

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
