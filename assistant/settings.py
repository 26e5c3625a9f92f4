"""Settings: defaults, then ``<home>/settings.toml``, then ``ASSISTANT_*`` environment variables."""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import SettingsError


class Settings(BaseSettings):
    """Everything that can be set. Every field is documented in ``docs/settings.md`` (a test checks)."""

    model_config = SettingsConfigDict(env_prefix="ASSISTANT_", extra="forbid", frozen=True)

    home: Path = Field(default=Path("var"), description="Folder that holds all state of one shop.")
    language_model: str | None = Field(
        default=None,
        description="Language model the operator consents to use, as 'provider:model' "
        "(openai:…, ollama:…, transformers:…). Unset: the built-in planner answers.",
    )
    brain: str = Field(
        default="auto",
        description="'auto' (the language model above if it is set and answers, else the built-in planner), "
        "or 'builtin:planner', or a 'provider:model' that must answer.",
    )
    language_model_url: str | None = Field(default=None, description="Base URL of an OpenAI-compatible endpoint.")
    language_model_key_env: str = Field(
        default="ASSISTANT_LANGUAGE_MODEL_KEY", description="Name of the environment variable that holds the key."
    )
    language_model_timeout: float = Field(default=60.0, gt=0, description="Seconds to wait for one model reply.")
    embedder: str = Field(
        default="all-MiniLM-L6-v2",
        description="Sentence-transformers model for products; the default carries its weights in a package.",
    )
    embedder_precision: Literal["int8", "full"] = Field(
        default="int8",
        description="'int8' (8-bit weights where they agree with full precision, else full) or 'full'.",
    )
    as_of: str | None = Field(
        default=None, description="Analysis date YYYY-MM-DD; unset: the last day of the data."
    )
    sales_basis: str = Field(
        default="gross", pattern="^(gross|net)$",
        description="What 'sales' means without more: product lines before returns (gross) or after (net).",
    )
    fiscal_year_start: int = Field(default=1, ge=1, le=12, description="First month of the fiscal year.")
    author: str = Field(
        default="you", min_length=1, max_length=60,
        description="Name that agreed definitions and saved segments are signed with.",
    )
    age_restricted_categories: tuple[str, ...] = Field(
        default=(),
        description="Categories recommended only to customers whose year of birth shows that they are of age.",
    )
    legal_age: int = Field(default=18, ge=12, le=25, description="Years from which a customer is of age.")
    sensitive_columns: tuple[str, ...] = Field(
        default=(),
        description="Further columns of customers (such as 'city' or 'x_diet') that no model and no rule uses.",
    )
    birthday_greetings: bool = Field(
        default=False,
        description="The shop declares that it greets people on their birthdays, with their consent; without it, days "
        "of birth are not used at all.",
    )
    privacy_budget: float = Field(
        default=4.0, ge=0, description="Epsilon that all reports with noise of a calendar year may use together."
    )
    privacy_epsilon: float = Field(
        default=1.0, gt=0, le=10, description="Epsilon of a report with noise where the request names none."
    )
    host: str = Field(default="127.0.0.1", description="Address the chat listens on.")
    port: int = Field(default=7860, ge=1, le=65535, description="Port the chat listens on.")
    max_upload_mb: int = Field(default=200, ge=1, description="Largest upload in megabytes.")
    max_question_chars: int = Field(default=4000, ge=100, description="Longest question in characters.")
    model_calls_per_turn: int = Field(default=8, ge=1, description="Limit of model calls in one turn.")
    tool_calls_per_turn: int = Field(default=12, ge=1, description="Limit of tool calls in one turn.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        default="INFO", description="Level of the log file: DEBUG, INFO, WARNING, ERROR or CRITICAL."
    )

    @property
    def snapshots_dir(self) -> Path:
        return self.home / "snapshots"

    @property
    def index_dir(self) -> Path:
        return self.home / "index"

    @property
    def models_dir(self) -> Path:
        return self.home / "models"

    @property
    def exports_dir(self) -> Path:
        return self.home / "exports"

    @property
    def uploads_dir(self) -> Path:
        return self.home / "uploads"

    @property
    def mappings_dir(self) -> Path:
        return self.home / "mappings"

    @property
    def runs_dir(self) -> Path:
        return self.home / "runs"

    @property
    def log_path(self) -> Path:
        return self.home / "logs" / "assistant.log"

    @property
    def app_db(self) -> Path:
        return self.home / "app.sqlite"

    @property
    def conversations_db(self) -> Path:
        return self.home / "conversations.sqlite"


def load_settings(home: Path | str | None = None, **overrides: Any) -> Settings:
    """Read the settings of one shop.

    Args:
        home: state folder; default the environment variable ``ASSISTANT_HOME``, else ``var`` below the
            current folder. The result is an absolute path.
        overrides: values that win over file and environment.

    Raises:
        SettingsError: a file that is not TOML, an unknown key, or a value out of range.
    """
    folder = Path(home or os.environ.get("ASSISTANT_HOME") or "var").expanduser().resolve()
    path = folder / "settings.toml"
    stored: dict[str, Any] = {}
    if path.exists():
        try:
            stored = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} is not valid TOML", received=error) from error
        except OSError as error:
            raise SettingsError(f"{path} cannot be read", received=error.strerror or error) from error
    from_environment = {
        name for name in Settings.model_fields if f"ASSISTANT_{name.upper()}" in os.environ
    }
    stored = {k: v for k, v in stored.items() if k not in from_environment}
    try:
        return Settings(**{**stored, **overrides, "home": folder})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"Setting {name!r}: {first['msg']}",
            received=first.get("input"),
            valid=() if first["type"] != "extra_forbidden" else sorted(Settings.model_fields),
        ) from error


@lru_cache(maxsize=1)
def version() -> str:
    """Version of the program."""
    from assistant import __version__

    return __version__
