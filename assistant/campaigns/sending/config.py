"""What the operator decides about sending: the file ``<home>/sending.toml``. Without the file nothing can be sent."""

from __future__ import annotations

import tomllib
from datetime import time
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assistant.errors import SettingsError

FILE = "sending.toml"
#: hours between two messages to one person on one channel, where the file says nothing
CAP_HOURS = {"email": 16.0, "sms": 24.0, "push": 24.0}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SmtpConfig(_Part):
    """The mail server that takes the messages."""

    host: str
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_env: str = "ASSISTANT_SMTP_PASSWORD"
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)


class WebhookConfig(_Part):
    """A receiver of one JSON request per message."""

    url: str
    channels: tuple[Literal["email", "sms", "push"], ...] = ("sms", "push")
    secret_env: str = "ASSISTANT_WEBHOOK_SECRET"
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)

    @field_validator("url")
    @classmethod
    def _safe(cls, url: str) -> str:
        local = url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
        if not url.startswith("https://") and not local:
            raise ValueError("the address must begin with https:// (http:// only on this machine)")
        return url


class SendingConfig(_Part):
    """Everything about sending that only the operator may decide; every field is in docs/approval_and_sending.md."""

    enabled: bool = False
    sender_address: str | None = None
    sender_name: str = ""
    reply_to: str | None = None
    postal_address: str | None = None
    unsubscribe_url: str | None = Field(default=None, description="https address with {token} in it")
    shop_url: str | None = Field(default=None, description="where the link of a message leads")
    time_zone: str = "UTC"
    quiet_from: time = time(21, 0)
    quiet_until: time = time(8, 0)
    cap_hours: dict[Literal["email", "sms", "push"], float] = Field(default_factory=dict)
    per_minute: int = Field(default=120, ge=1, le=100_000)
    approval_hours: float = Field(default=72.0, gt=0)
    expires_hours: float = Field(default=48.0, gt=0, description="a message not sent by then is not sent at all")
    typed_above: int = Field(default=500, ge=0, description="recipients above which the number has to be typed")
    seeds: tuple[str, ...] = Field(default=(), description="addresses that test messages go to")
    cost_per_message: dict[Literal["email", "sms", "push", "post"], float] = Field(default_factory=dict)
    intake_secret_env: str = Field(default="ASSISTANT_INTAKE_SECRET", description="holds the secret of signed reports")
    smtp: SmtpConfig | None = None
    webhook: WebhookConfig | None = None

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("not an IANA time zone, such as Europe/Paris") from error
        return name

    @field_validator("unsubscribe_url")
    @classmethod
    def _one_click(cls, url: str | None) -> str | None:
        if url is not None and (not url.startswith("https://") or "{token}" not in url):
            raise ValueError("the address must begin with https:// and hold {token} (RFC 8058)")
        return url

    @field_validator("cap_hours")
    @classmethod
    def _caps(cls, hours: dict[str, float]) -> dict[str, float]:
        if any(h < 0 for h in hours.values()):
            raise ValueError("hours between two messages cannot be negative")
        return {**CAP_HOURS, **hours}

    @field_validator("sender_address", "reply_to", "seeds")
    @classmethod
    def _addresses(cls, value: Any) -> Any:
        from email_validator import EmailNotValidError, validate_email

        for address in (value,) if isinstance(value, str) else value or ():
            try:
                validate_email(address, check_deliverability=False, test_environment=True)
            except EmailNotValidError as error:
                raise ValueError(f"{address} is not an e-mail address") from error
        return value

    @model_validator(mode="after")
    def _mail_needs_an_identity(self) -> SendingConfig:
        if self.enabled and self.smtp is not None:
            absent = [n for n in ("sender_address", "postal_address", "unsubscribe_url") if not getattr(self, n)]
            if absent:
                raise ValueError(f"e-mail cannot be sent without {', '.join(absent)}")
        return self

    def caps(self) -> dict[str, float]:
        """Hours between two messages, by channel."""
        return {**CAP_HOURS, **self.cap_hours}

    def sends(self) -> dict[str, str]:
        """Channel → connector that takes it; empty while sending is off."""
        if not self.enabled:
            return {}
        taken = dict.fromkeys(self.webhook.channels if self.webhook else (), "webhook")
        return {**taken, **({"email": "smtp"} if self.smtp else {})}


def load_sending(home: Path) -> SendingConfig:
    """Read ``<home>/sending.toml``; the defaults (sending off) where there is none.

    Raises:
        SettingsError: not TOML, an unknown key, or a value that cannot be used.
    """
    path = home / FILE
    if not path.exists():
        return SendingConfig()
    try:
        return SendingConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE} is not valid TOML; nothing is sent", received=error) from error
    except OSError as error:
        raise SettingsError(f"{FILE} cannot be read; nothing is sent", received=error.strerror or error) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
        known = sorted(SendingConfig.model_fields) if first["type"] == "extra_forbidden" else ()
        raise SettingsError(f"{FILE}, {name}: {first['msg']}; nothing is sent", received=first.get("input"),
                            valid=known) from error
