"""Proposing, accepting and changing categories of one shop: the store, the model and the products brought together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.data.added import AddedColumns, with_added
from assistant.errors import InvalidPlan, NoRows, StorageError
from assistant.models.taxonomy.matching import refit, settled, sort_into, with_kept_names
from assistant.models.taxonomy.proposal import Embed, Proposal, propose, see
from assistant.plans.categories import AdoptCategories, ChangeCategories, ProposeCategories, ShowCategories
from assistant.query.agreed.categories import ORIGIN, OTHER, TAXONOMY, Categories, Group, categories_of
from assistant.query.agreed.names import name_key
from assistant.query.agreed.store import AgreementStore, Entry
from assistant.results import Result

if TYPE_CHECKING:
    from assistant.data.warehouse import Snapshot

log = logging.getLogger(__name__)

#: the columns that categories fill
COLUMNS = ("category", "subcategory")
_NEXT = ("Propose categories",)


@dataclass(frozen=True)
class _Read:
    stamp: tuple[int, ...]
    entries: list[Entry]
    categories: Categories | None


class CategoryDesk:
    """Categories of one shop. Reading is cached until any process writes; a proposal until the data change.

    Args:
        store: where accepted categories and edits are kept.
        snapshot: gives the data as they were loaded, without categories of ours.
        embed: gives unit vectors [n, d] of texts.
        author: who signs changes.
    """

    def __init__(
        self, store: AgreementStore, snapshot: Callable[[], Snapshot], embed: Embed, author: str,
    ) -> None:
        self.store, self.embed, self.author = store, embed, author
        self._snapshot = snapshot
        self._lock = threading.Lock()
        self._read: _Read | None = None
        self._proposals: dict[tuple[Any, ...], Proposal] = {}
        self._named: tuple[str, dict[str, str]] | None = None
        self._dressed: tuple[tuple[str, ...], Snapshot] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The data as they were loaded."""
        return self._snapshot()

    # -- reading -------------------------------------------------------------------------------------------------

    def in_force(self) -> Categories | None:
        """The categories in use, with rules of words applied; None where none were accepted.

        Raises:
            StorageError: the file cannot be read.
        """
        read = self._current()
        return read.categories

    def _current(self) -> _Read:
        stamp = self.store.stamp()
        with self._lock:
            if self._read is not None and self._read.stamp == stamp:
                return self._read
        entries = [e for e in self.store.current() if e.kind in {"category", "sorted"}]
        found = categories_of(entries)
        if found is not None and found.rules:
            found = found.with_names(self.products(self.snapshot))
        read = _Read(stamp, entries, found)
        with self._lock:
            self._read = read
        return read

    def forget_read(self) -> None:
        """Read again at the next use: a write of this process may fall into the same tick of the clock."""
        with self._lock:
            self._read = None

    def products(self, snapshot: Snapshot) -> dict[str, str]:
        """Id → name of every product that has a name and was sold or returned as one."""
        if self._named is None or self._named[0] != snapshot.manifest.id:
            from assistant.models.taxonomy.sales import product_names

            self._named = (snapshot.manifest.id, product_names(snapshot))
        return self._named[1]

    def has_own(self, snapshot: Snapshot) -> bool:
        """Whether the loaded data bring categories themselves; then ours are set aside."""
        return snapshot.has("products", "category")

    def columns(self, snapshot: Snapshot) -> AddedColumns | None:
        """What to show as categories of products; None where the data have their own or none were accepted."""
        if self.has_own(snapshot) or not snapshot.has("products", "product_id"):
            return None
        found = self.in_force()
        if found is None:
            return None
        held = [c for c in COLUMNS if not snapshot.has("products", c)]
        rows = [tuple(row[: len(held) + 1]) for row in found.rows()]
        return AddedColumns("products", "product_id", tuple(held), rows, found.fingerprint, ORIGIN)

    def shown(self, loaded: Snapshot) -> Snapshot:
        """The snapshot with the agreed categories; as it was loaded where there are none or they cannot be read."""
        try:
            added = self.columns(loaded)
        except StorageError as error:  # questions that need no category are answered all the same
            log.warning("the agreed categories cannot be read: %s", error)
            return loaded
        if added is None:
            return loaded
        stamp = (loaded.fingerprint, loaded.manifest.id, added.fingerprint)
        with self._lock:
            if self._dressed is None or self._dressed[0] != stamp:
                self._dressed = (stamp, with_added(loaded, added))
            return self._dressed[1]

    # -- proposing -----------------------------------------------------------------------------------------------

    def proposal(self, fresh: bool = False) -> Proposal:
        """The proposal for the loaded data: a refit of the categories in use, or grouped from nothing.

        Raises:
            MissingData: products have no names. NoRows: too few have. InvalidPlan: the data have categories.
        """
        snapshot = self.snapshot
        if self.has_own(snapshot):
            raise InvalidPlan("The data have categories of their own, so none are proposed",
                              nearest=("Revenue by category",))
        snapshot.require("products", "product_id", "name", needed_for="Proposing categories")
        current = self.in_force()
        key = (snapshot.manifest.fingerprint, fresh, None if current is None else current.fingerprint)
        with self._lock:
            if key in self._proposals:
                return self._proposals[key]
        found = self._proposed(self.products(snapshot), current, fresh)
        with self._lock:
            while len(self._proposals) >= 4:
                self._proposals.pop(next(iter(self._proposals)))
            self._proposals[key] = found
        return found

    def _proposed(self, products: dict[str, str], current: Categories | None, fresh: bool) -> Proposal:
        seen = see(products, self.embed)
        before = self._before()
        if current is not None and not fresh:
            return refit(seen, current, before)
        made = settled(seen, propose(seen))
        if not before:
            return made
        held = current.of_product if current is not None else self._held_before()
        return with_kept_names(made, seen, held, before, tuple(self._keys()))

    def _before(self) -> dict[str, Group]:
        """Groups of the taxonomy as it was last accepted, with the names it was accepted with."""
        body = self._last_body()
        return {g["key"]: Group(g["key"], g["name"], g.get("parent"), tuple(g.get("words", ())))
                for g in (body or {}).get("groups", ())}

    def _held_before(self) -> dict[str, str]:
        return dict((self._last_body() or {}).get("products", {}))

    def _last_body(self) -> dict[str, Any] | None:
        return next((e.body for e in reversed(self.store.versions("category", TAXONOMY)) if e.body is not None), None)

    def _keys(self) -> set[str]:
        """Keys of all groups that ever were: an edit of one must never meet another group."""
        versions = self.store.versions("category", TAXONOMY)
        return {str(g["key"]) for e in versions if e.body is not None for g in e.body["groups"]}

    # -- requests ------------------------------------------------------------------------------------------------

    def propose(self, request: ProposeCategories) -> Result:
        """A proposal, shown; nothing is changed."""
        from assistant.models.taxonomy.report import proposal_result

        return proposal_result(self, request, self.proposal(request.fresh))

    def adopt(self, request: AdoptCategories) -> Result:
        """Use the proposal, or stop using categories.

        Raises:
            NoRows: none are in use, so there is nothing to stop.
        """
        from assistant.models.taxonomy.report import adopted_result

        before = self.in_force()
        if request.action == "stop":
            if before is None:
                raise NoRows("No proposed categories are in use", nearest=_NEXT)
            self.store.write("stop using categories", self.author, [("category", TAXONOMY, None)],
                             present=[("category", TAXONOMY)])
            self.forget_read()
            return adopted_result(self, request, None)
        found = self.proposal(request.fresh)
        body = {
            "groups": [{"key": g.key, "name": g.name, "parent": g.parent, "words": list(g.words)}
                       for g in found.groups.values()],
            "products": found.of_product, "quality": found.quality,
            "words": f"{sum(g.parent is None for g in found.groups.values())} categories proposed from product names",
        }
        self.store.write("use proposed categories", self.author, [("category", TAXONOMY, body)])
        self.forget_read()
        return adopted_result(self, request, found)

    def show(self, request: ShowCategories) -> Result:
        """The categories in use, or the products of one.

        Raises:
            NoRows: none are in use. UnknownName: no category of that name.
        """
        from assistant.models.taxonomy.report import members_result, shown_result

        found = self.required()
        if request.category is None:
            return shown_result(self, request, found)
        return members_result(self, request, found, found.find(request.category))

    def change(self, request: ChangeCategories) -> Result:
        """Change the categories in use.

        Raises:
            NoRows: none are in use. UnknownName: no such category or product. InvalidPlan: the change makes no sense.
        """
        from assistant.models.taxonomy.changing import change

        return change(self, request, self.required())

    # -- answers of others ---------------------------------------------------------------------------------------

    def complete(self, result: Result) -> None:
        """Say on any answer that uses categories of ours where they come from; offer them where one lacks them."""
        from assistant.models.taxonomy.citing import cite, offer

        if result.refusal is not None:
            offer(self, result.refusal)
        else:
            cite(self, result)

    def required(self) -> Categories:
        """The categories in use.

        Raises:
            NoRows: there are none.
        """
        found = self.in_force()
        if found is None:
            if self.has_own(self.snapshot):
                raise InvalidPlan("The categories come from your data, so they are changed there, not here",
                                  nearest=("Revenue by category",))
            raise NoRows("No categories are in use yet; I can propose some from the product names", nearest=_NEXT)
        return found

    # -- new data ------------------------------------------------------------------------------------------------

    def sort_new(self) -> int:
        """Put products that have no category yet into the nearest one; returns how many.

        Products that have a category keep it, so figures of a category change only by what is new.
        """
        snapshot, found = self.snapshot, self.in_force()
        if found is None or self.has_own(snapshot) or not snapshot.has("products", "product_id", "name"):
            return 0
        products = self.products(snapshot)
        fresh = [p for p in sorted(products) if p not in found.of_product]
        if not fresh:
            return 0
        base = {p: k for p, k in found.of_product.items() if p in products}
        groups = dict(found.groups)
        groups.setdefault(OTHER, Group(OTHER, "Other"))
        placed = sort_into(see(products, self.embed), base, groups, fresh)
        kept = next((e.body for e in reversed(self.store.versions("sorted", TAXONOMY)) if e.body), {"products": {}})
        body = {"products": {**kept["products"], **placed}}
        self.store.write("sort new products", self.author, [("sorted", TAXONOMY, body)],
                         present=[("category", TAXONOMY)])
        self.forget_read()
        return len(fresh)


def edit_name(*parts: str) -> str:
    """Name of the entry of an edit: what is edited, so that a second edit of it replaces the first."""
    return name_key(" ".join(parts))
