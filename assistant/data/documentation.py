"""The canonical tables and line rules as Markdown: ``docs/data_model.md`` holds this text, a test compares."""

from __future__ import annotations

from assistant.data.presets import general_rules, presets
from assistant.data.schema import TABLES
from assistant.data.targets import VIRTUAL


def schema_markdown() -> str:
    """One table of columns per canonical table."""
    parts = []
    for table, specs in TABLES.items():
        rows = [f"| `{s.name}` | {s.type} | {'yes' if s.required else ''} | {s.meaning} |" for s in specs]
        parts.append(
            "\n".join([f"### {table}", "", "| column | type | required | meaning |", "|---|---|---|---|", *rows])
        )
    return "\n\n".join(parts)


def targets_markdown() -> str:
    """Targets of a mapping beyond the canonical columns."""
    return "\n".join(
        ["| target | what becomes of it |", "|---|---|", *(f"| `{t}` | {words} |" for t, words in VIRTUAL.items())]
    )


def presets_markdown() -> str:
    """Known exports with the rules that differ between them."""
    rows = [
        f"| `{name}` | {p.label} | {p.currency or 'from the data'} | {p.rules.duplicates} | {p.rules.free_lines} |"
        for name, p in presets().items()
    ]
    general = general_rules()
    rows.append(f"| (none) | any other export | from the data | {general.duplicates} | {general.free_lines} |")
    return "\n".join(["| preset | export | currency | duplicates | price of zero |", "|---|---|---|---|---|", *rows])


def generated() -> dict[str, str]:
    """Name of each generated part of the page → its text."""
    return {"tables": schema_markdown(), "targets": targets_markdown(), "presets": presets_markdown()}


def filled(page: str) -> str:
    """The page with every generated part replaced by what it should hold now.

    Raises:
        ValueError: a marker is missing.
    """
    for name, content in generated().items():
        start, end = f"<!-- {name}: generated -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(start)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"the page has no markers for {name!r}")
        page = f"{before}{start}\n{content}\n{end}{after}"
    return page
