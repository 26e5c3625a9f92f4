"""Plain Jinja templates that give the compiler's texts: made from its compiled frames, slots as variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.campaigns.copy.template import Block, Fill, Node
from assistant.campaigns.messages import RecipientCopy

if TYPE_CHECKING:
    from jinja2 import Template

_LINE = ("{{ p.name }}, {% if p.offer_price %}now {{ p.offer_price }} instead of {{ p.price }}{% else %}{{ p.price }}"
         "{% endif %}{% if p.claim %} – {{ p.claim }}{% endif %} (because you bought {{ p.because }})")
_SHORT = ("{{ p.name }}, {% if p.offer_price %}now {{ p.offer_price }} instead of {{ p.price }}{% else %}{{ p.price }}"
          "{% endif %}")


@dataclass(frozen=True)
class Templates:
    """Subject, preheader, plain text and HTML of the e-mail; the SMS."""

    email: tuple[Template, ...]
    sms: Template


def templates(copy: RecipientCopy) -> Templates:
    """Jinja templates of the first wording. HTML escapes itself, as it does in the compiler."""
    from jinja2 import Environment

    text, html = Environment(keep_trailing_newline=True), Environment(autoescape=True, keep_trailing_newline=True)
    writer = copy.writer
    frame = writer.frame("email")
    upper = "\n\n".join(_jinja(frame[p].nodes) for p in ("greeting", "body", "offer_line"))
    lower = "\n\n".join([_jinja(frame["sign_off"].nodes), *(_jinja(t.nodes) for t in writer.foot)])
    body = f"{upper}\n\n{{% for p in lines %}}- {_LINE}\n\n{{% endfor %}}{lower}"
    parts = [_jinja(frame["subject"].nodes), _jinja(frame["preheader"].nodes), body]
    shell = _jinja(writer._shell(3, False).nodes, html=True)
    sms = _jinja(writer.frame("sms")["text"].nodes).replace(
        "{{ top_product }}", f"{{% set p = lines[0] %}}{_SHORT}").replace("{% if top_product %}", "{% if lines %}")
    foot = " " + writer._words["sms_stop"]
    return Templates((*(text.from_string(p) for p in parts), html.from_string(shell)), text.from_string(sms + foot))


def _jinja(nodes: tuple[Node, ...], html: bool = False) -> str:
    parts = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(node if "{" not in node else "{% raw %}" + node + "{% endraw %}")
        elif isinstance(node, Block):
            condition = node.name if node.wanted else f"not {node.name}"
            parts.append(f"{{% if {condition} %}}{_jinja(node.nodes, html)}{{% endif %}}")
        elif isinstance(node, Fill) and node.name.startswith("product_"):
            parts.append(f"{{% set p = lines[{int(node.name[8:]) - 1}] %}}{_LINE}")
        else:
            parts.append("{{ link }}" if node.name == "unsubscribe_link" else f"{{{{ {node.name} }}}}")
    return "".join(parts)


