"""The messages of a campaign in one wording: texts of the grammar, or edited, compiled once, filled per recipient."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from assistant.campaigns.copy import markup
from assistant.campaigns.copy.grammar import Grammar, campaign_number
from assistant.campaigns.copy.rules import checked, language_file
from assistant.campaigns.copy.slots import Message, Slot
from assistant.campaigns.copy.template import FILLED, Fill, Template, parse
from assistant.campaigns.copy.voice import BrandVoice
from assistant.errors import InvalidPlan, NotPermitted
from assistant.plans import CopyEdit, PieceTurn

#: the pieces of each channel that can be worded, and the part of the grammar each begins with
PIECES: dict[str, dict[str, str]] = {
    "email": {"subject": "subject", "preheader": "preheader", "greeting": "greeting", "body": "body",
              "offer_line": "offer_line", "button": "button", "sign_off": "sign_off"},
    "sms": {"text": "sms_text"},
    "push": {"title": "push_title", "text": "push_text"},
    "social": {"text": "social_text"},
    "popup": {"title": "popup_title", "text": "popup_text", "button": "button"},
}
#: filled for each recipient; every other slot is the same for all
PERSONAL = ("first_name", "top_product", "unsubscribe_link", "shop_link")
_TRIES = 60
#: how far apart in the grammar the wordings of a campaign lie that was put in other words
_APART = 10007


@dataclass(frozen=True)
class Style:
    """How a campaign is written."""

    language: str = "en"
    tone: str = "friendly"
    length: str = "normal"
    voice: BrandVoice = field(default_factory=BrandVoice)


@dataclass(frozen=True)
class ProductLine:
    """One product as copy prints it. ``text`` with reason and claim, ``short`` without; each with what it used."""

    text: str
    short: str
    used: tuple[tuple[str, str, str], ...]
    short_used: tuple[tuple[str, str, str], ...]
    html: str

    def because(self, reason: ProductLine) -> ProductLine:
        """The same line with its tested reason behind it."""
        return ProductLine(self.text + reason.text, self.short, self.used + reason.used, self.short_used,
                           self.html + reason.html)


class Copywriter:
    """Messages of one campaign in one wording.

    Args:
        goal: picks the rules of the grammar; goals without their own use the default ones.
        seed: the campaign id: each takes other derivations.
        common: slots that are the same for everyone (``shop_name``, ``postal_address`` …), links included.
        offer: slot of the offer in words ("10 % off everything in Homeware"), or None without an offer.
        style: language, tone, length and brand voice.
        variant: 0 for the first wording, 1 for the next …
        reworded: how often other words were asked for.
        turns: single pieces that were asked for in other words, in order.
        edits: texts put in by a person or a language model; they pass the same compiler.
    """

    def __init__(
        self, goal: str, seed: str, common: Mapping[str, Slot], offer: Slot | None, style: Style | None = None, *,
        variant: int = 0, edits: Sequence[CopyEdit] = (), reworded: int = 0,
        turns: Sequence[PieceTurn] = (),
    ) -> None:
        self.style = style or Style()
        self.variant, self._edits, self._turns = variant, tuple(edits), tuple(turns)
        self._grammar = Grammar(goal, self.style.tone, self.style.length, self.style.language)
        self._campaign = campaign_number(seed) + _APART * reworded
        rules = language_file("rules", self.style.language)
        self._words, self.limits = rules["words"], rules["lengths"]
        self._common: dict[str, Slot] = {**common, **({"offer": offer} if offer else {})}
        self._absent = {name: None for name in ("offer", "reduction", "ends_on", "category", "occasion")
                        if name not in self._common}
        self._frames: dict[str, dict[str, Template]] = {}
        self._shells: dict[tuple[int, bool], Template] = {}

    # -- texts ----------------------------------------------------------------------------------------------------

    def text_of(self, channel: str, piece: str) -> str:
        """The template of one piece: as edited, else of the brand voice, else of the grammar.

        Raises:
            InvalidPlan: no such piece.
        """
        if piece not in PIECES.get(channel, {}):
            raise InvalidPlan("There is no such piece of copy", received=f"{channel} {piece}",
                              valid=[f"{c} {p}" for c, pieces in PIECES.items() for p in pieces])
        edited = self.edit_of(channel, piece)
        if edited is not None:
            return self.slotted(edited.text)
        if piece == "sign_off" and self.style.language in self.style.voice.sign_off:
            return self.style.voice.sign_off[self.style.language]  # type: ignore[index]
        return self._worded(PIECES[channel][piece], channel, piece)

    def edit_of(self, channel: str, piece: str) -> CopyEdit | None:
        """The latest edit of a piece of this wording in this language."""
        found = [e for e in self._edits if (e.channel, e.piece, e.language) == (channel, piece, self.style.language)
                 and e.variant in {None, self.variant + 1}]
        return found[-1] if found else None

    def slotted(self, text: str) -> str:
        """An edited text with the values that it repeats from the draft as slots again ("15 % off" → {reduction})."""
        for name, slot in sorted(self._common.items(), key=lambda item: -len(item[1].text)):
            value = slot.text.strip()
            if slot.kind == "link" or len(value) < 2 or name == "postal_address":
                continue
            words = r"\s*".join(re.escape(w) for w in value.split())
            pieces = re.split(r"(\{[^{}]*\})", text)
            text = "".join(p if p.startswith("{") else re.sub(rf"(?<!\w){words}(?!\w)", f"{{{name}}}", p)
                           for p in pieces)
        return text

    def _worded(self, symbol: str, channel: str, piece: str) -> str:
        """The derivation of this campaign; the first after it that the brand voice likes, where it has wishes."""
        voice = self.style.voice
        first = self._grammar.pick(symbol, self._campaign, self.variant)
        wishes = voice.avoid or voice.use or voice.formality == "formal"
        best = self._turned(voice.speaks(first), symbol, channel, piece)
        if wishes and not self._turns_of(channel, piece):
            options = [best] + [voice.speaks(self._grammar.pick(symbol, self._campaign + 7919 * n, self.variant))
                                for n in range(1, _TRIES)]
            fitting = [o for o in options if not voice.against(o)] or options[:1]
            best = max(fitting, key=voice.liked)
        if voice.emoji != "none" and voice.emojis and piece in {"subject", "title"}:
            best = f"{best} {voice.emojis[self._campaign % len(voice.emojis)]}"
        return best

    def _turns_of(self, channel: str, piece: str) -> list[PieceTurn]:
        return [t for t in self._turns if (t.channel, t.piece) == (channel, piece)]

    def _turned(self, text: str, symbol: str, channel: str, piece: str) -> str:
        """The text after every time that this piece alone was asked for in other words.

        Raises:
            InvalidPlan: the grammar holds no shorter, longer or other one.
        """
        seen = [text]
        for turn in self._turns_of(channel, piece):
            for n in range(1, _TRIES * (1 + len(seen))):
                other = self.style.voice.speaks(self._grammar.pick(symbol, self._campaign + 7919 * n, self.variant))
                if other in seen or self.style.voice.against(other):
                    continue
                long, before = len(self._said(other)), len(self._said(seen[-1]))
                if turn.aim == "other" or (long < before if turn.aim == "shorter" else long > before):
                    seen.append(other)
                    break
            else:
                raise InvalidPlan(f"No {'' if turn.aim == 'other' else turn.aim + ' '}{piece.replace('_', ' ')} is "
                                  "among the wordings of this kind of campaign", received=self._said(seen[-1]),
                                  hint=f'Write one by hand: change the {piece.replace("_", " ")} to "...".')
        return seen[-1]

    def _said(self, text: str) -> str:
        """A piece with what is the same for everybody filled in, to compare its length."""
        bound = parse(text).bind({**self._absent, **self._common})
        return bound.fill({})

    # -- compiling ------------------------------------------------------------------------------------------------

    @property
    def common(self) -> Mapping[str, Slot]:
        """Slots that are the same for everyone."""
        return self._common

    def frame(self, channel: str, only: Sequence[str] = ()) -> dict[str, Template]:
        """The compiled pieces of a channel, with everything put in that is the same for all recipients.

        Args:
            only: these pieces alone.

        Raises:
            NotPermitted: a text promises something or is against the brand voice.
            InvalidPlan: a slot that no data fill, or a piece that is no template.
        """
        if only:
            return {piece: self._compiled(channel, piece) for piece in only}
        if channel not in self._frames:
            self._frames[channel] = {piece: self._compiled(channel, piece) for piece in self._pieces(channel)}
        return self._frames[channel]

    def _pieces(self, channel: str) -> list[str]:
        """The pieces of a channel; a line about the offer only where there is an offer, or where one was written."""
        idle = "offer" not in self._common and self.edit_of(channel, "offer_line") is None
        return [p for p in PIECES[channel] if not (p == "offer_line" and idle)]

    def _compiled(self, channel: str, piece: str) -> Template:
        text = self.text_of(channel, piece)
        template = checked(text, self.style.language)
        wrong = self.style.voice.against("\n".join(template.states()).replace(FILLED, " "))
        if wrong:
            raise NotPermitted(f"The {piece} of the {channel} holds {wrong[0]}", received=text)
        known = {**self._common, **self._absent}
        valid = sorted({*self._common, *PERSONAL})
        unknown = [n for n in (*template.slots, *template.blocks) if n not in {*known, *PERSONAL}]
        if unknown:
            raise InvalidPlan("The copy names a slot that no data fill", received=unknown[0], valid=valid)
        bound = template.bind({n: s for n, s in known.items() if n not in PERSONAL})
        bare = [n.name for n in bound.nodes if isinstance(n, Fill)]
        loose = [n for n in bare if n in {"first_name", "top_product"}]
        if loose:
            raise InvalidPlan("A slot that not every recipient has must stand in a block", received=f"{{{loose[0]}}}",
                              hint=f"Write {{?{loose[0]}}} … {{{loose[0]}}} … {{/{loose[0]}}}.")
        self._limit(channel, piece, bound.fill({n: self._common[n].text for n in PERSONAL if n in self._common}))
        return bound

    def line(self, slots: Mapping[str, Slot]) -> ProductLine:
        """One product with its price, the offer price where there is one, its claim and its tested reason."""
        short = self._words["product_line" if "offer_price" in slots else "product_line_plain"]
        more = "".join(self._words[name] for name in ("claim", "because") if name in slots)
        texts = {name: slot.text for name, slot in slots.items()}
        one, two = parse(short + more), parse(short)
        text = one.fill(texts)
        return ProductLine(text, two.fill(texts), tuple(one.used(slots)), tuple(two.used(slots)), markup.escape(text))

    def reason(self, because: Slot) -> ProductLine:
        """What stands behind a product line whose reason was tested."""
        template = parse(self._words["because"])
        text = template.fill({"because": because.text})
        return ProductLine(text, "", tuple(template.used({"because": because})), (), markup.escape(text))

    # -- messages -------------------------------------------------------------------------------------------------

    def write(
        self, channel: str, lines: Sequence[ProductLine], personal: Mapping[str, Slot] | None = None, *,
        traced: bool = True, html: bool = True,
    ) -> Message:
        """The message for one recipient.

        Args:
            lines: the recipient's products, best first.
            personal: slots of this recipient (``first_name``, own links); those of the campaign hold otherwise.
            traced: whether to list what was filled in.
            html: whether an e-mail is laid out too.

        Raises:
            InvalidPlan: a part longer than its limit.
        """
        slots = {**{n: self._common[n] for n in PERSONAL if n in self._common}, **(personal or {})}
        if channel == "email":
            return self._email(lines, slots, traced=traced, html=html)
        return self._short(channel, lines, slots, traced=traced)

    def _email(self, lines: Sequence[ProductLine], slots: dict[str, Slot], *, traced: bool, html: bool) -> Message:
        frame, foot = self.frame("email"), self.foot
        texts = {name: slot.text for name, slot in slots.items()}
        subject, preheader = frame["subject"].fill(texts), frame["preheader"].fill(texts)
        parts = [frame[p].fill(texts) for p in self._upper]
        parts += ["- " + line.text for line in lines]
        if "shop_link" in slots:
            parts.append(f"{frame['button'].fill(texts)}: {texts['shop_link']}")
        parts += [frame["sign_off"].fill(texts), *(t.fill(texts) for t in foot)]
        laid_out = ""
        if html:
            shell = self._shell(len(lines), "shop_link" in slots)
            laid_out = markup.fill_shell(shell, slots, [line.html for line in lines])
        used = self._traced("email", lines, slots) if traced else ()
        return Message("email", "\n\n".join(parts), subject, preheader, used, laid_out)

    @cached_property
    def _upper(self) -> tuple[str, ...]:
        """Pieces above the products."""
        return ("greeting", "body", "offer_line") if "offer" in self._common else ("greeting", "body")

    @cached_property
    def foot(self) -> tuple[Template, ...]:
        """Unsubscribe, legal lines and address: no edit reaches them."""
        common = {n: s for n, s in self._common.items() if n not in PERSONAL}
        address = self._common.get("postal_address")
        legal = tuple(Template((line,)) for line in self.style.voice.legal)
        last = (Template((address.text,)),) if address else ()
        return (parse(self._words["unsubscribe"]).bind(common), *legal, *last)

    def _shell(self, products: int, linked: bool) -> Template:
        if (products, linked) not in self._shells:
            frame = self.frame("email")
            body = [Template(nodes) for nodes in _split(frame["body"])]
            upper = [frame["greeting"], *body, *([frame["offer_line"]] if "offer_line" in self._upper else [])]
            self._shells[products, linked] = markup.shell(markup.Sheet(
                self.style.language, self.style.voice.colour, frame["subject"], frame["preheader"], tuple(upper),
                (frame["sign_off"],), self.foot, frame["button"] if linked else None,
                self._words["list_label"],
            ), products)
        return self._shells[products, linked]

    def _short(self, channel: str, lines: Sequence[ProductLine], slots: dict[str, Slot], *, traced: bool) -> Message:
        frame = self.frame(channel)
        texts = {name: slot.text for name, slot in slots.items()}
        title = frame["title"].fill(texts) if "title" in frame else ""
        button = frame["button"].fill(texts) if "button" in frame else ""
        foot = " " + self._words["sms_stop"] if channel == "sms" else ""
        with_product = {**texts, "top_product": lines[0].short} if lines else texts
        body = frame["text"].fill(with_product) + foot
        fits = len(body) <= self.limits[f"{channel}.text"]
        if not fits:  # a long name: better without the product than without the message
            body = frame["text"].fill(texts) + foot
        if channel == "social":
            body = "\n\n".join([body, *("- " + line.text for line in lines)])
        self._limit(channel, "text", body if channel != "social" else body.split("\n\n")[0])
        shown = lines if channel == "social" else lines[:1] if fits else ()
        return Message(channel, body, title, "", self._traced(channel, shown, slots) if traced else (), "", button)

    def _traced(
        self, channel: str, lines: Sequence[ProductLine], slots: Mapping[str, Slot]
    ) -> tuple[tuple[str, str, str], ...]:
        """What was filled in: that of the body first, in the order of its text, then that of the other pieces."""
        every = {**self._common, **slots}
        if lines and channel not in {"email", "social"}:
            every["top_product"] = Slot(lines[0].short, "")
        order = [*self._upper, "lines", "sign_off", "foot", "subject", "preheader", "button"] if channel == "email" \
            else ["text", "lines", "title", "button"]
        used: list[tuple[str, str, str]] = []
        for piece in order:
            if piece == "lines":
                used += [u for line in lines for u in line.used] if channel in {"email", "social"} else []
            elif piece == "foot":
                used += parse(self._words["unsubscribe"]).used(every)
                used += [("postal_address", s.text, s.source) for s in [self._common.get("postal_address")] if s]
            elif piece in PIECES[channel]:
                for entry in parse(self.text_of(channel, piece)).used(every):
                    used += lines[0].short_used if entry[0] == "top_product" else [entry]
        return tuple(used)

    def free_text(self, channel: str) -> str:
        """What was worded in a channel's texts, without the values of slots: the reading that checks look at."""
        pieces = [p for p in PIECES[channel] if p not in {"subject", "title", "preheader", "sign_off", "button"}]
        known = {n: Slot("it", "") for n in (*self._common, *PERSONAL)}
        texts = [parse(self.text_of(channel, p)).bind({**self._absent, **known}) for p in pieces
                 if p != "offer_line" or "offer" in self._common]
        return "\n".join(t.fill({}) for t in texts)

    def _limit(self, channel: str, piece: str, text: str) -> None:
        limit = self.limits.get(f"{channel}.{piece}")
        if limit is not None and len(text) > limit:
            raise InvalidPlan(f"The {piece} of the {channel} has {len(text)} characters, at most {limit} fit",
                              received=text)


def _split(template: Template) -> list[tuple]:
    """A body as paragraphs, cut at its line breaks outside blocks."""
    paragraphs: list[list] = [[]]
    for node in template.nodes:
        if not isinstance(node, str):
            paragraphs[-1].append(node)
            continue
        first, *others = re.split(r"\s*\n+\s*", node)
        paragraphs[-1] += [first] if first else []
        paragraphs += [[part] if part else [] for part in others]
    return [tuple(p) for p in paragraphs if p]
