"""What every part of the workspace is given by the whole."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.results import Result

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot
    from assistant.settings import Settings


class Part:
    """A group of methods of :class:`~assistant.workspace.Workspace`, which gives what is declared here.

    Attributes:
        _put_in: a plan with saved segments and the meanings of words put in, and those that were.
        _citing: a result with the definitions it used.
    """

    settings: Settings
    _put_in: Callable[..., Any]
    _citing: Callable[..., Result]

    @property
    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def _cached(self, name: str, compute: Callable[[Snapshot], Any], *key: Any) -> Any: ...
