"""The form for a file that looks like the table of an experiment: the arm, and what the customers did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.plans.desk import LoadPreview
from assistant.ui.markup import esc, tag
from assistant.ui.texts import Texts

#: selects of the form that stand for no column
KIND, RANDOM = "__kind", "__random"
MAX_COLUMNS = 60
_ROLES = ("arm", "outcome")


@dataclass(frozen=True)
class Chosen:
    """What was confirmed."""

    arm: str
    outcomes: tuple[str, ...]
    random: bool


def render_experiment(texts: Texts, preview: LoadPreview) -> str:
    """The form: what the file is, then a role for each column."""
    examples = {c.source: " · ".join(c.examples[:3]) for c in preview.columns}
    head = "".join(tag("th", esc(texts(f"upload.column_{part}")), scope="col")
                   for part in ("source", "target", "examples"))
    rows = "".join(_row(texts, name, role, examples.get(name, "")) for name, role in preview.experiment[:MAX_COLUMNS])
    grid = tag("div", tag("table", tag("thead", tag("tr", head)) + tag("tbody", rows)), class_="scroll", tabindex="0",
               role="region", aria_label=texts("upload.columns_title"))
    kind = _select(texts, KIND, ("experiment", "orders"), texts("upload.experiment_kind"))
    drawn = _select(texts, RANDOM, ("random", "not_random"), texts("upload.experiment_random"))
    lead = tag("h3", esc(texts("upload.experiment_title"))) + tag("p", esc(texts("upload.experiment_lead")))
    buttons = (tag("button", esc(texts("upload.experiment_confirm")), type="submit", class_="go")
               + tag("button", esc(texts("upload.cancel")), type="button", class_="plain", data_cancel=True))
    return tag("form", lead + tag("div", kind + drawn, class_="fields") + grid
               + tag("div", buttons, class_="row"), class_="mapping")


def chosen(texts: Texts, mapping: Mapping[str, str | None]) -> Chosen | str:
    """What was confirmed, or what is wrong with it in one line."""
    arms = [name for name, role in mapping.items() if role == "arm"]
    outcomes = tuple(name for name, role in mapping.items() if role == "outcome")
    if len(arms) != 1:
        return texts("upload.experiment_one_arm", count=len(arms))
    if not outcomes:
        return texts("upload.experiment_no_outcome")
    return Chosen(arms[0], outcomes, mapping.get(RANDOM) != "not_random")


def _select(texts: Texts, source: str, options: tuple[str, ...], label: str) -> str:
    choices = "".join(tag("option", esc(texts(f"upload.experiment_is_{o}")), value=o, selected=o == options[0])
                      for o in options)
    return tag("label", esc(label) + tag("select", choices, data_source=source))


def _row(texts: Texts, name: str, role: str | None, examples: str) -> str:
    options = tag("option", esc(texts("upload.experiment_role_none")), value="", selected=role is None)
    options += "".join(tag("option", esc(texts(f"upload.experiment_role_{r}")), value=r, selected=r == role)
                       for r in _ROLES)
    chooser = tag("select", options, data_source=name, aria_label=f"{texts('upload.column_target')}: {name}")
    return tag("tr", tag("th", esc(name), scope="row") + tag("td", chooser)
               + tag("td", esc(examples[:120]), class_="examples"))
