"""Copy is compiled: no promise outside a slot, every slot from data, lengths kept, no two campaigns alike."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assistant.campaigns.copy.checks import reading_ease, spam_signs
from assistant.campaigns.copy.formats import offer_words
from assistant.campaigns.copy.grammar import Grammar
from assistant.campaigns.copy.rules import LANGUAGES, checked, language_file, violations
from assistant.campaigns.copy.segments import sms_segments
from assistant.campaigns.copy.slots import Message, Slot, clean
from assistant.campaigns.copy.template import parse
from assistant.campaigns.copy.voice import BrandVoice, load_voice
from assistant.campaigns.copy.writer import PIECES, Copywriter, ProductLine, Style
from assistant.errors import InvalidPlan, NotPermitted, SettingsError
from assistant.plans import CopyEdit

COMMON = {"shop_name": Slot("Lumi Shop", "test"), "postal_address": Slot("Lumi Shop, Main Street", "test", "address"),
          "unsubscribe_link": Slot.link("https://shop.example/out?u=a&b=1", "test")}
OFFER = Slot("10 % off everything in Homeware", "brief", "discount")
CHANNELS = tuple(PIECES)


def writer(goal: str = "win_back", seed: str = "c-1", offer: Slot | None = OFFER, *, variant: int = 0,
           edits: tuple[CopyEdit, ...] = (), common: dict[str, Slot] | None = None, **style: object) -> Copywriter:
    return Copywriter(goal, seed, common or COMMON, offer, Style(**style), variant=variant, edits=edits)  # type: ignore[arg-type]


def lines(of: Copywriter) -> list[ProductLine]:
    return [of.line({"name": Slot("Red Mug", "products.name of P1"), "price": Slot("€10.00", "products.price of P1"),
                     "offer_price": Slot("€9.00", "products.price of P1, less the offer"),
                     "because": Slot("Tea Towel", "lines")}),
            of.line({"name": Slot("Lantern", "products.name of P4"), "price": Slot("€40.00", "products.price of P4")})]


def edit(text: str, channel: str = "email", piece: str = "subject", **more: object) -> CopyEdit:
    return CopyEdit(channel=channel, piece=piece, text=text, **more)  # type: ignore[arg-type]


# -- free text ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text", [
    "Now 50 % off!", "Save up to fifty percent", "Only £5 each", "Guaranteed to please", "A free gift for you",
    "The best price anywhere", "Only today", "Until Sunday", "Half price", "Buy 2 get one", "Risk-free",
    "Hurry, while stocks last", "Offer ends in December", "now twice as good", "g-u-a-r-a-n-t-e-e-d", "５０ percent",
    "guar\u200banteed", "gu\u0430ranteed", "fr\u00e9\u00e9 for you", "Save ½", "① for you", "only a few left",
    "our bestseller", "eco-friendly", "clinically proven", "Re: your order", "see www.shop.example",
    "<b>bold</b>", "{?offer}guaran{/offer}teed", "FIFTY", "s e l l i n g   f a s t",
    "\U0001d7d3\U0001d7ce off", "next-day delivery", "in May",
    "buy one and get another", "money back", "we promise", "this weekend", "Christmas is near", "our planet",
])
def test_free_text_may_promise_nothing(text: str) -> None:
    assert violations(text)
    with pytest.raises(NotPermitted):
        checked(text)


@pytest.mark.parametrize("text", ["{", "{0}", "{a.b}", "{name!r}", "{price:>10}", "}", "{?offer}x", "x{/offer}",
                                  "{?a}{?b}x{/a}{/b}"])
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlan):
        parse(text)


def test_blocks_follow_their_slot() -> None:
    template = parse("Hello{?first_name} {first_name}{/first_name}{!first_name} there{/first_name}.")
    assert template.fill({"first_name": "Ada"}) == "Hello Ada."
    assert template.fill({}) == "Hello there."


def test_values_of_data_are_one_visible_line() -> None:
    assert clean(" Red\tMug\n\u202eevil\u200b \x07x ") == "Red Mug evil x"
    with pytest.raises(InvalidPlan):
        Slot.link("javascript:alert(1)", "test")


# -- grammar -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("language", LANGUAGES)
def test_shipped_wordings_keep_the_rules_and_their_lengths(language: str) -> None:
    goals = list(language_file("grammar", language))
    limits = language_file("rules", language)["lengths"]
    for goal in goals:
        for tone in ("friendly", "formal", "playful", "urgent"):
            grammar = Grammar(goal, tone, "long", language)
            for channel, pieces in PIECES.items():
                for piece, symbol in pieces.items():
                    for text in {grammar.pick(symbol, n) for n in range(30)}:
                        assert violations(text, language) == (), text
                        slots = ("shop_name", "offer", "category", "reduction")
                        shown = parse(text).fill(dict.fromkeys(slots, "x" * 12))
                        assert len(shown) <= limits.get(f"{channel}.{piece}", 10_000), text


@pytest.mark.parametrize("tone", ["friendly", "formal", "playful", "urgent"])
def test_no_two_campaigns_read_alike(tone: str) -> None:
    bodies = [Grammar("win_back", tone).pick("body", c, v) for c in range(100) for v in range(5)]
    assert len(set(bodies)) == len(bodies)
    messages = [(m.subject, m.preheader, m.body) for m in
                (writer(seed=f"c-{n}", tone=tone).write("email", (), html=False) for n in range(60))]
    assert len({m[2] for m in messages}) == 60 and len({m[0] for m in messages}) > 8


def test_the_variants_of_a_campaign_differ_and_one_stays_as_it_is() -> None:
    for channel in CHANNELS:
        texts = [writer(variant=v).write(channel, ()) for v in range(5)]
        assert len({(m.subject, m.body) for m in texts}) == 5, channel
        assert texts[0] == writer().write(channel, ())


def test_length_and_tone_change_the_words() -> None:
    short, normal, long = (len(writer(length=x).write("email", ()).body) for x in ("short", "normal", "long"))
    assert short < normal < long
    assert writer(tone="formal").write("email", ()).body != writer(tone="playful").write("email", ()).body


# -- messages ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("goal", ["win_back", "retention", "welcome", "launch", "cross_sell", "promotion"])
@pytest.mark.parametrize("offer", [None, OFFER])
def test_messages_hold_only_slot_numbers(goal: str, offer: Slot | None) -> None:
    own = writer(goal, offer=offer)
    for message in (own.write(channel, lines(own)) for channel in CHANNELS):
        text = "\n".join([message.subject, message.preheader, message.body, message.button])
        assert "{" not in text and "  " not in text
        for _, filled, _ in message.slots:
            text = text.replace(filled, "")
        assert not any(c.isdigit() for c in text), text
    assert ("10 %" in own.write("email", ()).body) == (offer is not None)


def test_a_personal_name_is_used_where_it_is_known() -> None:
    named = writer().write("email", (), {"first_name": Slot("Ada", "customers.x_first_name", "name")})
    assert "Ada" in named.body and "Ada" in named.html and "Ada" not in writer().write("email", ()).body


def test_a_long_product_name_leaves_the_sms_without_it() -> None:
    own = writer()
    long = own.line({"name": Slot("x" * 500, "n"), "price": Slot("€1.00", "p")})
    message = own.write("sms", [long])
    assert "xxx" not in message.body and len(message.body) <= 480 and "STOP" in message.body


def test_too_long_a_subject_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="at most"):
        writer(edits=(edit("A subject " * 9),)).write("email", ())


# -- markup ------------------------------------------------------------------------------------------------------------

class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def markup(message: Message) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(message.html)
    return parser.found


def test_html_is_accessible_loads_nothing_and_says_what_the_text_says() -> None:
    common = {**COMMON, "shop_link": Slot.link("https://shop.example/", "voice")}
    own = writer(common=common)
    message = own.write("email", lines(own))
    found = markup(message)
    names = [name for name, _ in found]
    assert dict(found)["html"].get("lang") == "en" and "title" in names and names.count("h1") == 1
    assert not {"img", "script", "iframe", "form", "link", "object"} & set(names)
    assert all(a.get("role") in {"presentation", "none"} for n, a in found if n == "table")
    hrefs = {a.get("href") for n, a in found if n == "a"}
    assert hrefs == {"https://shop.example/", COMMON["unsubscribe_link"].text}
    assert not re.search(r"url\(|@import|fonts\.", message.html)
    assert names.count("li") == 2 and "@media" in message.html and "width=device-width" in message.html
    for said in (message.subject, message.preheader, "Red Mug, now €9.00 instead of €10.00", OFFER.text,
                 COMMON["postal_address"].text):
        assert said in message.html
    assert "zq" not in message.html


def test_values_of_data_are_escaped_in_html() -> None:
    own = writer()
    line = own.line({"name": Slot.of_data("<img src=x onerror=alert(1)>", "n"), "price": Slot("€1.00", "p")})
    message = own.write("email", [line])
    assert "img" not in [n for n, _ in markup(message)] and "&lt;img" in message.html


# -- edits -------------------------------------------------------------------------------------------------------------

def test_an_edit_passes_the_same_compiler() -> None:
    own = writer(edits=(edit("Hello from {shop_name}"), edit("Lovely finds", piece="preheader", variant=2)))
    assert own.write("email", ()).subject == "Hello from Lumi Shop"
    assert writer(variant=1, edits=(edit("Lovely finds", variant=2),)).write("email", ()).subject == "Lovely finds"
    for text in ("50 % off", "Guaranteed", "Ends today"):
        with pytest.raises(NotPermitted):
            writer(edits=(edit(text),)).write("email", ())
    for text in ("Hi {offer_of_my_life}", "Hi {first_name}", "Look: {top_product}"):
        with pytest.raises(InvalidPlan):
            writer(edits=(edit(text),)).write("email", ())


def test_what_an_edit_repeats_of_the_draft_becomes_a_slot_again() -> None:
    same = writer(edits=(edit("For you: 10% off everything in Homeware", piece="preheader"),))
    assert same.text_of("email", "preheader") == "For you: {offer}"
    with pytest.raises(NotPermitted):
        writer(edits=(edit("For you: 20% off everything in Homeware", piece="preheader"),)).frame("email")
    with pytest.raises(InvalidPlan):  # no offer in the brief: none can be named
        writer(offer=None, edits=(edit("Enjoy {offer}"),)).write("email", ())


def test_unsubscribe_and_address_cannot_be_edited_away() -> None:
    body = writer(edits=(edit("Nothing more to say.", piece="body"), edit("Bye", piece="sign_off"))).write("email", ())
    assert COMMON["unsubscribe_link"].text in body.body and COMMON["postal_address"].text in body.body
    assert "STOP" in writer(edits=(edit("Hello.", "sms", "text"),)).write("sms", ()).body


# -- brand voice -------------------------------------------------------------------------------------------------------

def test_the_voice_chooses_words() -> None:
    voice = BrandVoice(avoid={"picked": "chose", "a few": None}, use=("selection",), emoji="few", emojis=("🌿",),
                       sign_off={"en": "Yours, {shop_name}"}, legal=("Registered under HRB 123",))
    message = writer(voice=voice).write("email", ())
    assert not re.search(r"\bpicked\b|\ba few\b", message.body) and "selection" in message.body
    assert message.subject.endswith("🌿") and "Yours, Lumi Shop" in message.body and "HRB 123" in message.html
    with pytest.raises(NotPermitted, match="chose"):
        writer(voice=voice, edits=(edit("We picked this"),)).write("email", ())
    with pytest.raises(NotPermitted, match="emoji"):
        writer(edits=(edit("Hello 🎉"),)).write("email", ())
    with pytest.raises(NotPermitted, match="contraction"):
        writer(voice=BrandVoice(formality="formal"), edits=(edit("It's lovely"),)).write("email", ())


@pytest.mark.parametrize(("text", "named"), [
    ("tone: shouty", "tone"), ("colour: '#ffff00'", "contrast"), ("legal: x", "legal"), ("slogan: best", "slogan"),
    ("sign_off: {en: '50 % off for you'}", "sign-off"), ("website: javascript:x", "website"), ("- a\n- b", "fields"),
    ("tone: [", "YAML"), ("emojis: [abc]", "emoji"),
])
def test_errors_of_the_voice_file_are_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "voice.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=named):
        load_voice(path)


def test_without_a_voice_file_the_plain_voice_speaks(tmp_path: Path) -> None:
    assert load_voice(tmp_path / "voice.yaml") == BrandVoice()


# -- checks ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "alphabet", "segments"), [
    ("a" * 160, "GSM-7", 1), ("a" * 161, "GSM-7", 2), ("€" * 80, "GSM-7", 1), ("€" * 81, "GSM-7", 2),
    ("ж" * 70, "UCS-2", 1), ("ж" * 71, "UCS-2", 2), ("😀" * 35, "UCS-2", 1), ("£10 off", "GSM-7", 1),
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 3), ("好" * 66 + "😀" + "好" * 66, "UCS-2", 3),
])
def test_sms_segments_follow_the_standard(text: str, alphabet: str, segments: int) -> None:
    assert sms_segments(text) == (alphabet, segments)


def test_readability_and_spam() -> None:
    assert reading_ease("The cat sat on the mat.") == pytest.approx(116.145)
    plain = reading_ease("We chose a few things for you.")
    hard = reading_ease("Notwithstanding organisational complexity, personalised recommendations proliferate.")
    assert plain is not None and hard is not None and plain > 80 > 0 > hard
    assert reading_ease("12 34") is None
    assert spam_signs("CLICK HERE NOW EVERYBODY!!!", "en") == ["“click here”", "3 exclamation marks", "repeated signs",
                                                               "many capitals"]
    assert spam_signs("We chose a few things for you.", "en") == []


def test_offer_in_words() -> None:
    slots = {"discount": Slot("10 %", "brief"), "category": Slot("Homeware", "products.category"),
             "ends_on": Slot("24 December 2026", "brief")}
    assert offer_words("percent_off", slots, scope="category", ends=True).text == (
        "10 % off everything in Homeware until 24 December 2026")
