"""The brand voice: a file that says how a shop speaks. Errors name the line, what was found and what is valid."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.campaigns.copy.rules import violations
from assistant.errors import SettingsError

Words = Annotated[str, Field(min_length=1, max_length=60)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
FILE_NAME = "voice.yaml"


class BrandVoice(BaseModel):
    """How a shop speaks.

    Attributes:
        tone: of campaigns whose brief names none.
        formality: ``formal`` forbids contractions and exclamation marks in free text; ``informal`` and ``neutral``
            forbid nothing.
        use: words that wordings are chosen for where there is a choice.
        avoid: words that no free text holds, each with the word to use instead, or null.
        emoji: ``none``, ``few`` (one in a piece at most) or ``free``.
        emojis: those that may be used; the first ones are put into subjects and titles where ``emoji`` allows it.
        sign_off: the last line of an e-mail, per language; a template such as ``"Yours, {shop_name}"``.
        legal: lines under every e-mail, as they are (register number, terms).
        postal_address: printed under every e-mail.
        website: where the button of an e-mail leads.
        colour: of the button; white text on it must reach a contrast of 4.5 : 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tone: Literal["friendly", "formal", "playful", "urgent"] = "friendly"
    formality: Literal["informal", "neutral", "formal"] = "neutral"
    use: tuple[Words, ...] = Field(default=(), max_length=50)
    avoid: dict[Words, Words | None] = Field(default_factory=dict)
    emoji: Literal["none", "few", "free"] = "none"
    emojis: tuple[str, ...] = Field(default=(), max_length=20)
    sign_off: dict[Literal["en", "zh"], Line] = Field(default_factory=dict)
    legal: tuple[Line, ...] = Field(default=(), max_length=10)
    postal_address: Line | None = None
    website: Annotated[str, Field(pattern=r"^https?://[^\s<>\"'{}]+$")] | None = None
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1f4e79"

    @field_validator("avoid", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """A plain list of words has no words to use instead."""
        return dict.fromkeys(value) if isinstance(value, list) else value

    @field_validator("emojis")
    @classmethod
    def _pictures(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [v for v in value if not v or any(not is_emoji(c) and unicodedata.category(c) != "Mn" for c in v)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no emoji")
        return value

    @field_validator("sign_off")
    @classmethod
    def _promises_nothing(cls, value: dict[str, str]) -> dict[str, str]:
        for language, text in value.items():
            wrong = violations(text, language)
            if wrong:
                raise ValueError(f"the sign-off may not hold {wrong[0]}")
        return value

    @field_validator("colour")
    @classmethod
    def _readable(cls, value: str) -> str:
        ratio = contrast_to_white(value)
        if ratio < 4.5:
            raise ValueError(f"white text on {value} has a contrast of {ratio:.1f} : 1, below 4.5 : 1")
        return value

    def speaks(self, text: str) -> str:
        """A wording with the words to use instead of those to avoid."""
        for word, instead in self.avoid.items():
            if instead:
                text = _word(word).sub(lambda m, new=instead: new[:1].upper() + new[1:] if m.group()[:1].isupper()
                                       else new, text)
        return text

    def against(self, text: str) -> list[str]:
        """What of a free text is against this voice."""
        found = []
        for word, instead in self.avoid.items():
            if _word(word).search(text):
                found.append(f"“{word}”" + (f" (say “{instead}”)" if instead else "") + ", a word that the shop avoids")
        pictures = [c for c in text if is_emoji(c)]
        if pictures and self.emoji == "none":
            found.append("an emoji, which the shop does not use")
        elif self.emoji == "few" and len(pictures) > 1:
            found.append("more than one emoji")
        if pictures and self.emojis and any(c not in "".join(self.emojis) for c in pictures):
            found.append("an emoji that the shop does not use")
        if self.formality == "formal":
            found += ["an exclamation mark in a formal voice"] if re.search("[!！]", text) else []
            found += ["a contraction in a formal voice"] if re.search(r"\w['’](s|re|ve|ll|d|t|m)\b", text) else []
        return found

    def liked(self, text: str) -> int:
        """How many of the words to use a text holds."""
        return sum(1 for word in self.use if _word(word).search(text))


def is_emoji(character: str) -> bool:
    """Whether a character is a picture: the emoji blocks, dingbats and other symbols."""
    code = ord(character)
    return 0x1F000 <= code <= 0x1FAFF or 0x2600 <= code <= 0x27BF or 0x2B00 <= code <= 0x2BFF


def _word(word: str) -> re.Pattern[str]:
    edges = (r"\b" if word[0].isascii() and word[0].isalnum() else "",
             r"\b" if word[-1].isascii() and word[-1].isalnum() else "")
    return re.compile(edges[0] + re.escape(word) + edges[1], re.I)


def contrast_to_white(colour: str) -> float:
    """Contrast of a colour to white, 1–21 (WCAG 2.1, relative luminance of sRGB)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def load_voice(path: Path) -> BrandVoice:
    """The brand voice of a shop; the plain one where there is no file.

    Raises:
        SettingsError: the file cannot be read, is no YAML, or holds what is not valid: every problem is named.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return BrandVoice()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError("The file of the brand voice cannot be read", received=path.name,
                            hint=str(error)) from error
    except yaml.YAMLError as error:
        raise SettingsError("The file of the brand voice is no YAML", received=path.name,
                            hint=" ".join(str(error).split())) from error
    if raw is None:
        return BrandVoice()
    if not isinstance(raw, dict):
        raise SettingsError("The file of the brand voice must hold fields with values", received=path.name,
                            valid=sorted(BrandVoice.model_fields))
    try:
        return BrandVoice.model_validate(raw)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')} "
                    f"(received {str(e['input'])[:60]!r})" for e in error.errors()]
        raise SettingsError("The file of the brand voice has errors: " + "; ".join(problems), received=path.name,
                            valid=sorted(BrandVoice.model_fields)) from error


