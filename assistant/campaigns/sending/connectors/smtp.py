"""E-mail through an SMTP server, with the headers of one-click unsubscription (RFC 8058) and RFC 5322.

The server's signature (DKIM), which RFC 8058 asks for, is made by the server itself.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from types import TracebackType
from typing import Self

from assistant.campaigns.sending.config import SendingConfig
from assistant.campaigns.sending.connectors.base import Outcome
from assistant.campaigns.sending.outbox import Claimed
from assistant.campaigns.sending.secrets import ShopKey
from assistant.errors import SettingsError

_GONE = (smtplib.SMTPServerDisconnected, OSError)


class SmtpConnector:
    """Sends e-mails one by one over one connection.

    Args:
        config: with ``smtp``, sender, postal address and unsubscribe address.
        key: makes the unsubscribe tokens.
    """

    def __init__(self, config: SendingConfig, key: ShopKey) -> None:
        if config.smtp is None or not config.sender_address or not config.unsubscribe_url:
            raise SettingsError("E-mail cannot be sent without smtp, sender_address and unsubscribe_url",
                                received="sending.toml")
        self._config, self._smtp, self._key = config, config.smtp, key
        self._sender, self._unsubscribe = config.sender_address, config.unsubscribe_url
        self._password = os.environ.get(config.smtp.password_env, "")
        if config.smtp.user and not self._password:
            raise SettingsError("The password of the mail server is not set; nothing is sent",
                                received=config.smtp.password_env)
        self._open: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._close()

    def send(self, message: Claimed) -> Outcome:
        try:
            mail = self.compose(message)
        except ValueError as error:  # a line break in a header or an address that is none
            return Outcome("failed", f"the message cannot be written: {error}")
        try:
            server = self._connected()
            server.mail(self._sender)
            code, _ = server.rcpt(message.address)
        except smtplib.SMTPAuthenticationError as error:
            self._close()
            return Outcome("unavailable", f"the mail server refuses the user ({error.smtp_code})")
        except (smtplib.SMTPException, *_GONE) as error:
            self._close()
            return Outcome("unavailable", f"the mail server cannot be reached ({type(error).__name__})")
        if code >= 400:
            self._reset()
            return Outcome("failed" if code >= 500 else "later", f"the recipient is refused ({code})")
        return self._hand_over(server, mail)

    def _hand_over(self, server: smtplib.SMTP, mail: EmailMessage) -> Outcome:
        """From here on an interruption leaves it open whether the message left."""
        try:
            code, _ = server.data(mail.as_bytes(policy=SMTP_POLICY))
        except smtplib.SMTPDataError as error:
            self._reset()
            return Outcome("failed" if error.smtp_code >= 500 else "later",
                           f"the message is refused ({error.smtp_code})")
        except (smtplib.SMTPException, *_GONE) as error:
            self._close()
            return Outcome("unknown", f"the connection broke while sending ({type(error).__name__})")
        if code == 250:
            return Outcome("sent", "")
        self._reset()
        return Outcome("failed" if code >= 500 else "later", f"the message is refused ({code})")

    def compose(self, message: Claimed) -> EmailMessage:
        """The e-mail as it leaves.

        Raises:
            ValueError: a header would hold a line break, or the address is none.
        """
        payload, config = message.payload, self._config
        mail = EmailMessage(policy=SMTP_POLICY)
        mail["From"] = Address(config.sender_name, addr_spec=self._sender)
        message.address.encode("ascii")  # without SMTPUTF8 no other address can be written to
        mail["To"] = Address(addr_spec=message.address)
        if config.reply_to:
            mail["Reply-To"] = Address(addr_spec=config.reply_to)
        mail["Subject"] = payload["subject"]
        mail["Date"] = format_datetime(datetime.now(UTC))
        # the same message always has the same id, so that a receiver can tell a repetition
        mail["Message-ID"] = f"<{message.row_digest[:40]}.{message.campaign_id}@{self._sender.partition('@')[2]}>"
        token = self._key.token(message.customer_id, message.channel)
        mail["List-Unsubscribe"] = f"<{self._unsubscribe.replace('{token}', token)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["X-Campaign-ID"] = message.campaign_id
        mail.set_content(payload["text"])
        if payload["html"]:
            mail.add_alternative(payload["html"], subtype="html")
        return mail

    def _connected(self) -> smtplib.SMTP:
        if self._open is not None:
            return self._open
        smtp, context = self._smtp, ssl.create_default_context()
        if smtp.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=smtp.timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(smtp.host, smtp.port, timeout=smtp.timeout_seconds)
        self._open = server
        if smtp.security == "starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if smtp.user:
            server.login(smtp.user, self._password)
        return server

    def _reset(self) -> None:
        if self._open is not None:
            try:
                self._open.rset()
            except (smtplib.SMTPException, OSError):
                self._close()

    def _close(self) -> None:
        server, self._open = self._open, None
        if server is not None:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()
