"""Known exports, as data: which columns mean what, and which cleaning rules hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

import yaml

from assistant.data.names import normalise
from assistant.errors import MappingError

Role = Literal["lines", "orders", "products", "customers", "contacts", "campaigns", "touches", "responses", "events",
               "none"]


@dataclass(frozen=True)
class CodeRule:
    """Product codes that match ``pattern`` are lines of this type."""

    line_type: str
    pattern: str
    reason: str


@dataclass(frozen=True)
class Rules:
    """Cleaning rules of a kind of source.

    Attributes:
        duplicates: 'all': rows equal in every column but the part they came from are one row.
            'across_parts': only copies in different files or sheets are (a part may rightly repeat a row).
        cancelled_order: pattern of order ids that cancel; None: told from the values.
        adjustment_order: pattern of order ids that are book-keeping.
        product_code: pattern of the codes that are products; None: all that no code rule names.
        codes: types of other codes, first match wins.
        unify_codes: 'upper' or None (only space around codes is taken away).
        free_lines: lines with a price of zero: 'keep' as sales or 'quarantine'.
        fill_down: order-level columns stand on the first row of an order only.
        product_id_from_name: lines without a code are told apart by their name.
        customer_from_email: customers are known by a keyed digest of their e-mail address.
        discount_is_per_order: the order's discount is spread over its lines by value.
    """

    duplicates: Literal["all", "across_parts"] = "across_parts"
    cancelled_order: str | None = None
    adjustment_order: str | None = None
    product_code: str | None = None
    codes: tuple[CodeRule, ...] = ()
    unify_codes: Literal["upper"] | None = "upper"
    free_lines: Literal["keep", "quarantine"] = "quarantine"
    fill_down: bool = False
    product_id_from_name: bool = False
    customer_from_email: bool = False
    discount_is_per_order: bool = False


@dataclass(frozen=True)
class TableShape:
    """One table of a preset: recognised by its headers."""

    role: Role
    require: tuple[str, ...]
    columns: dict[str, str | None]
    any_of: tuple[tuple[str, ...], ...] = ()
    exactly: bool = False

    def fits(self, headers: Sequence[str]) -> bool:
        """Whether a table with these headers is of this shape."""
        have = {normalise(h) for h in headers}
        need = {normalise(r) for r in self.require}
        if self.exactly and have != need:
            return False
        return need <= have and all(any(normalise(o) in have for o in options) for options in self.any_of)


@dataclass(frozen=True)
class Preset:
    """A known kind of export."""

    name: str
    label: str
    tables: tuple[TableShape, ...]
    rules: Rules
    currency: str | None = None
    warnings: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def shape_of(self, headers: Sequence[str]) -> TableShape | None:
        """The shape that a table with these headers has, or None."""
        return next((shape for shape in self.tables if shape.fits(headers)), None)


@lru_cache(maxsize=1)
def presets() -> dict[str, Preset]:
    """All presets by name."""
    folder = resources.files(__package__)
    found = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            name = file.name.removesuffix(".yaml")
            found[name] = _preset(name, yaml.safe_load(file.read_text(encoding="utf-8")))
    return found


def preset(name: str) -> Preset:
    """A preset by name.

    Raises:
        MappingError: there is none of that name.
    """
    try:
        return presets()[name]
    except KeyError as error:
        raise MappingError("There is no such preset", received=name, valid=sorted(presets())) from error


def recognise(tables: Sequence[Sequence[str]]) -> Preset | None:
    """The preset whose order lines are among tables with these headers, or None."""
    for candidate in presets().values():
        shapes = [candidate.shape_of(headers) for headers in tables]
        if any(shape is not None and shape.role == "lines" for shape in shapes):
            return candidate
    return None


def _preset(name: str, data: dict[str, Any]) -> Preset:
    return Preset(
        name=name,
        label=data["label"],
        currency=data.get("currency"),
        warnings=tuple(data.get("warnings", ())),
        notes=dict(data.get("notes", {})),
        rules=_rules(data.get("rules", {})),
        tables=tuple(
            TableShape(
                t["role"],
                tuple(t["require"]),
                {normalise(k): v for k, v in t["columns"].items()},
                tuple(tuple(o) for o in t.get("any_of", ())),
                bool(t.get("exactly")),
            )
            for t in data["tables"]
        ),
    )


def _rules(data: dict[str, Any]) -> Rules:
    values = {**general_settings(), **data}
    values["codes"] = tuple(CodeRule(*row) for row in values.get("codes", ()))
    return Rules(**values)


def general_settings() -> dict[str, Any]:
    """Rules for sources without a preset, as in ``general_rules.yml``."""
    file = resources.files(__package__) / "general_rules.yml"
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def general_rules() -> Rules:
    """Rules for sources without a preset."""
    return _rules({})
