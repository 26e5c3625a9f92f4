"""Which source column means which canonical column: proposed from names and values, correctable, remembered."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from assistant.data.names import normalise, words
from assistant.data.presets import Preset, Role
from assistant.data.profile import Profile, profile
from assistant.data.targets import TARGETS_OF, Target, all_targets
from assistant.data.warehouse import write_atomically
from assistant.data.workbench import RawTable, Workbench
from assistant.errors import MappingError
from assistant.plans.desk import ColumnProposal

#: below this a proposal is not made
_THRESHOLD = 0.5
_ALIKE = 88
#: what a table must have to play a role; alternatives in a tuple
_NEEDS: dict[Role, tuple[tuple[str, ...], ...]] = {
    "events": (
        ("events.basket_id",), ("events.occurred_at",), ("events.product_id",),
        ("events.event_type", "events.abandoned_url"),
    ),
    "lines": (
        ("order_lines.product_id", "products.name"),
        ("order_lines.order_id", "order_lines.customer_id"),
        ("order_lines.unit_price", "order_lines.amount", "order_lines.quantity"),
    ),
    "orders": (("order_lines.ordered_at",), ("order_lines.order_id", "order_lines.customer_id")),
    "responses": (("responses.campaign_id",), ("responses.customer_id",), ("responses.responded_at",)),
    "touches": (("touches.campaign_id",), ("touches.customer_id",)),
    "campaigns": (("campaigns.campaign_id",), ("campaigns.started_at", "campaigns.name", "campaigns.kind")),
    "contacts": (("contacts.customer_id",), ("contacts.channel",), ("contacts.consent", "contacts.address")),
    "products": (("products.product_id",), ("products.name", "products.category", "products.price", "products.brand")),
    "customers": (("customers.customer_id",),),
}
_UNIQUE: dict[Role, str] = {
    "products": "products.product_id",
    "customers": "customers.customer_id",
    "campaigns": "campaigns.campaign_id",
}
_TABLE_OF_NAME: dict[str, Role] = {
    "orderlines": "lines",
    "orderitems": "lines",
    "lineitems": "lines",
    "orders": "orders",
    "products": "products",
    "customers": "customers",
    "contacts": "contacts",
    "campaigns": "campaigns",
    "touches": "touches",
    "responses": "responses",
    "events": "events",
    "webevents": "events",
    "abandonedcheckouts": "events",
    "checkouts": "events",
}


@dataclass(frozen=True)
class Match:
    """A header, the target proposed for it and why."""

    header: str
    target: str | None
    confidence: float
    reason: str


@dataclass(frozen=True)
class TableMapping:
    """What one raw table is and what its columns mean."""

    raw: RawTable
    role: Role
    matches: tuple[Match, ...]
    profiles: Mapping[str, Profile]

    @property
    def columns(self) -> dict[str, str]:
        """Target → header."""
        return {m.target: m.header for m in self.matches if m.target}


def map_tables(
    bench: Workbench,
    tables: Sequence[RawTable],
    *,
    preset: Preset | None,
    folder: Path | None = None,
    corrections: Mapping[str, str | None] | None = None,
    examples: bool = True,
) -> list[TableMapping]:
    """Propose a mapping for every raw table.

    Strongest first: the corrections, a mapping saved for the same headers, the preset, names with values.

    Args:
        folder: where mappings are saved; None: look for none.
        corrections: source column (as in :func:`labels`) → target, or None to ignore the column.
        examples: whether the values of tables that the preset knows are looked at too, to be shown.

    Raises:
        MappingError: a correction names an unknown column or target.
    """
    fixed = _check_corrections(tables, corrections or {})
    result = []
    for raw in tables:
        shape = preset.shape_of(raw.headers) if preset else None
        profiles = profile(bench, raw) if examples or shape is None else {}
        if shape is not None:
            matches = tuple(
                Match(h, shape.columns.get(normalise(h)), 1.0, f"known column of {preset.label}") for h in raw.headers
            )
            mapping = TableMapping(raw, shape.role, matches, profiles)
        else:
            mapping = _by_names_and_values(bench, raw, profiles)
        saved = read_saved(folder, raw.headers) if folder else None
        if saved:
            mapping = _override(mapping, saved, "as saved for files with these columns")
        own = {h: fixed[label] for label, h in _labels_of(raw, tables) if label in fixed}
        if own:
            mapping = _override(mapping, own, "set by hand")
        result.append(mapping)
    return result


def labels(tables: Sequence[RawTable]) -> list[tuple[str, RawTable, str]]:
    """Name of every source column for people: the header, with the table in front where there are several."""
    return [(label, raw, header) for raw in tables for label, header in _labels_of(raw, tables)]


def _labels_of(raw: RawTable, tables: Sequence[RawTable]) -> list[tuple[str, str]]:
    return [(h if len(tables) == 1 else f"{raw.name}.{h}", h) for h in raw.headers]


def proposals(mappings: Sequence[TableMapping]) -> tuple[ColumnProposal, ...]:
    """The mappings as column proposals for the preview; e-mail addresses and phone numbers are not shown."""
    tables = [m.raw for m in mappings]
    shown = []
    for mapping in mappings:
        names = {h: label for label, h in _labels_of(mapping.raw, tables)}
        for match in mapping.matches:
            column = mapping.profiles[match.header]
            personal = column.emails > 0.3 or (match.target or "") in {
                "contacts.address",
                "contacts.phone",
                "contacts.email",
            }
            shown.append(
                ColumnProposal(
                    names[match.header],
                    match.target,
                    round(match.confidence, 2),
                    match.reason,
                    ("(personal data, not shown)",) if personal else column.examples(),
                )
            )
    return tuple(shown)


def missing_columns(mappings: Sequence[TableMapping]) -> tuple[str, ...]:
    """Required canonical columns that no source column feeds and that cannot be derived."""
    have = {t for m in mappings for t in m.columns if m.role in {"lines", "orders"}}
    missing = []
    if "order_lines.ordered_at" not in have:
        missing.append("order_lines.ordered_at")
    if not have & {"order_lines.order_id", "order_lines.customer_id"}:
        missing.append("order_lines.order_id")
    if not have & {"order_lines.unit_price", "order_lines.amount"}:
        missing.append("order_lines.unit_price")
    if any(m.role == "lines" for m in mappings) and not have & {"order_lines.quantity", "order_lines.amount"}:
        missing.append("order_lines.quantity")
    return tuple(missing)


def _by_names_and_values(bench: Workbench, raw: RawTable, profiles: Mapping[str, Profile]) -> TableMapping:
    """The role for which the table has all it needs, tried from the most to the least telling."""
    named = _TABLE_OF_NAME.get(normalise(raw.name))
    first = [named] if named and named != "orders" else []  # a file "orders" mostly holds lines
    order: list[Role] = [*first, *(r for r in _NEEDS if r not in first)]
    for role in order:
        matches = _assign(raw, profiles, role)
        have = {m.target for m in matches if m.target}
        if not all(any(option in have for option in options) for options in _NEEDS[role]):
            continue
        key = _UNIQUE.get(role)
        if key and not _is_unique(bench, raw, next(m.header for m in matches if m.target == key)):
            continue
        if role == "customers" and named != role and len(have) < 2:
            continue
        return TableMapping(raw, role, matches, profiles)
    best = _assign(raw, profiles, "lines")
    if sum(m.target is not None for m in best) >= 3 and len(raw.headers) > 2:
        return TableMapping(raw, "none", best, profiles)
    return TableMapping(
        raw, "none", tuple(Match(h, None, 0.0, "no canonical column is like it") for h in raw.headers), profiles
    )


def _assign(raw: RawTable, profiles: Mapping[str, Profile], role: Role) -> tuple[Match, ...]:
    """Give every target at most one header and every header at most one target, best pairs first."""
    targets = [all_targets()[t] for t in TARGETS_OF[role]]
    pairs = []
    for place, target in enumerate(targets):
        for header in raw.headers:
            score, reason = _score(header, profiles[header], target)
            if score >= _THRESHOLD:
                pairs.append((-score, place, raw.headers.index(header), header, target.name, reason))
    chosen: dict[str, Match] = {}
    taken: set[str] = set()
    for negative, _, _, header, target, reason in sorted(pairs):
        if header not in chosen and target not in taken:
            chosen[header] = Match(header, target, -negative, reason)
            taken.add(target)
    if role in {"lines", "orders"}:
        _fill_by_values(raw, profiles, chosen, taken, role)
    return tuple(chosen.get(h, Match(h, None, 0.0, "no canonical column is like it")) for h in raw.headers)


def _score(header: str, column: Profile, target: Target) -> tuple[float, str]:
    """How well a header and its values suit a target, and why in words."""
    from rapidfuzz import fuzz

    name = normalise(header)
    if name in target.names:
        likeness, reason = 1.0, "by its name"
    else:
        spoken = words(header)
        likeness = max((fuzz.ratio(spoken, p) for p in target.phrases), default=0.0)
        tokens = set(spoken.split())
        held = max(
            (len(p.split()) for p in target.phrases if len(p.split()) > 1 and set(p.split()) <= tokens), default=0
        )
        if likeness >= _ALIKE:
            likeness, reason = likeness / 100 * 0.85, "by a similar name"
        elif held:
            likeness, reason = 0.7, "by words in its name"
        else:
            return 0.0, ""
    fit = column.fits(target.kind)
    if fit >= 0.9:
        return likeness, f"{reason} and its values"
    if fit >= 0.5:
        return likeness * 0.75, f"{reason}; some values do not fit"
    return likeness * 0.2, reason


def _fill_by_values(
    raw: RawTable, profiles: Mapping[str, Profile], chosen: dict[str, Match], taken: set[str], role: Role
) -> None:
    """Find by their values what the names left open: the only date, e-mail addresses, quantity × price."""
    free = [h for h in raw.headers if h not in chosen and profiles[h].filled > 0.5]
    if "order_lines.ordered_at" not in taken:
        dates = [h for h in free if profiles[h].dates > 0.9]
        if len(dates) == 1:
            chosen[dates[0]] = Match(dates[0], "order_lines.ordered_at", 0.6, "the only column of dates")
    if "contacts.email" not in taken:
        mails = [h for h in free if profiles[h].emails > 0.9]
        if len(mails) == 1:
            chosen[mails[0]] = Match(mails[0], "contacts.email", 0.9, "its values are e-mail addresses")
    by_target = {m.target: h for h, m in chosen.items()}
    quantity, price = by_target.get("order_lines.quantity"), by_target.get("order_lines.unit_price")
    if role == "lines" and quantity and price and "order_lines.amount" not in taken:
        for header in free:
            share = _product_share(profiles[quantity], profiles[price], profiles[header])
            if header not in chosen and share >= 0.95:
                chosen[header] = Match(header, "order_lines.amount", 0.8, f"it equals {quantity} × {price}")
                break


def _product_share(quantity: Profile, price: Profile, amount: Profile) -> float:
    """Share of the sample in which the third column is the product of the first two."""
    rows = [
        (q * p, a)
        for q, p, a in zip(quantity.floats, price.floats, amount.floats, strict=True)
        if q is not None and p is not None and a is not None
    ]
    if len(rows) < 3 or amount.distinct < 0.01:
        return 0.0
    return sum(abs(x - a) <= 0.011 for x, a in rows) / len(rows)


def _is_unique(bench: Workbench, raw: RawTable, header: str) -> bool:
    column = bench.con.table(raw.table)[raw.physical(header)]
    row = bench.one(bench.con.table(raw.table).aggregate(n=column.count(), d=column.nunique()))
    return row["n"] > 0 and row["d"] >= 0.99 * row["n"]


def _override(mapping: TableMapping, given: Mapping[str, str | None], reason: str) -> TableMapping:
    """Replace matches by given ones; a target set for one header is taken from any other."""
    set_targets = {t for t in given.values() if t}
    matches = []
    for match in mapping.matches:
        if match.header in given:
            matches.append(Match(match.header, given[match.header], 1.0, reason))
        elif match.target in set_targets:
            matches.append(Match(match.header, None, 0.0, "its place was given to another column"))
        else:
            matches.append(match)
    return replace(
        mapping, matches=tuple(matches), role=_role_of(mapping.role, {m.target for m in matches if m.target})
    )


def _role_of(before: Role, targets: set[str]) -> Role:
    """The role that a set of targets makes: order lines as soon as a product or its name is sold."""
    tables = {t.split(".")[0] for t in targets}
    if "order_lines" in tables:
        return "lines" if targets & {"order_lines.product_id", "products.name", "order_lines.unit_price"} else "orders"
    for role in ("events", "responses", "touches", "campaigns", "products", "customers", "contacts"):
        if role in tables and (role != "contacts" or "customers" not in tables):
            return role
    return "none" if not targets else before


def _check_corrections(tables: Sequence[RawTable], given: Mapping[str, str | None]) -> dict[str, str | None]:
    known = [label for label, _, _ in labels(tables)]
    by_name = {label.casefold(): label for label in known}
    result: dict[str, str | None] = {}
    for source, target in given.items():
        label = by_name.get(source.casefold())
        if label is None:
            raise MappingError(
                "The file has no such column",
                received=source,
                valid=difflib.get_close_matches(source, known, 5, 0.3) or known,
            )
        if target is not None and target not in all_targets():
            names = sorted(all_targets())
            raise MappingError(
                "There is no such canonical column",
                received=target,
                valid=difflib.get_close_matches(target, names, 8, 0.3) or names,
            )
        result[label] = target
    return result


def _key(headers: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(h.casefold() for h in headers)).encode()).hexdigest()[:16]


def save_mappings(folder: Path, mappings: Sequence[TableMapping]) -> None:
    """Remember the mappings for files with the same headers.

    Raises:
        StorageError: the folder cannot be written.
    """
    for mapping in mappings:
        content = {
            "headers": list(mapping.raw.headers),
            "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "columns": {m.header: m.target for m in mapping.matches},
        }
        write_atomically(
            folder / f"{_key(mapping.raw.headers)}.json", json.dumps(content, indent=1, ensure_ascii=False)
        )


def read_saved(folder: Path, headers: Sequence[str]) -> dict[str, str | None] | None:
    """The mapping saved for these headers, or None. A damaged or outdated file counts as none."""
    try:
        data = json.loads((folder / f"{_key(headers)}.json").read_text(encoding="utf-8"))
        columns = {str(k): v for k, v in data["columns"].items()}
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    own = {h.casefold(): h for h in headers}
    if any(v is not None and v not in all_targets() for v in columns.values()):
        return None
    return {own[k.casefold()]: v for k, v in columns.items() if k.casefold() in own}
