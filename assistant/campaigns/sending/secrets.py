"""A key of this shop, and what is made with it: digests of addresses, unsubscribe tokens, promo codes.

An address is kept as a keyed digest where only sameness matters (suppressions, the outbox), so that the file of the
app's state alone does not tell who was written to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from assistant.errors import StorageError, UnknownName

FILE = "sending.key"
#: letters and digits that cannot be taken for one another (no 0 O 1 I L U)
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10


class ShopKey:
    """The key; made on first use, readable by its owner alone.

    Raises:
        StorageError: it can be neither read nor written.
    """

    def __init__(self, home: Path) -> None:
        path = home / FILE
        try:
            if not path.exists():
                home.mkdir(parents=True, exist_ok=True)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(secrets.token_bytes(32))
            self._key = path.read_bytes()
        except FileExistsError:  # another process was first
            self._key = path.read_bytes()
        except OSError as error:
            raise StorageError("The key of the sendings cannot be used", received=path) from error
        if len(self._key) < 32:
            raise StorageError("The key of the sendings is damaged", received=path,
                               hint="Put back a copy of it; without it suppressed addresses cannot be recognised.")

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()

    def address(self, channel: str, address: str) -> str:
        """Digest of an address: equal for addresses that reach the same box or phone."""
        folded = address.strip().casefold() if channel != "push" else address.strip()
        if channel == "sms":
            folded = "".join(c for c in folded if c.isdigit() or c == "+")
        return self._mac("address", f"{channel}\0{folded}").hex()

    def token(self, customer_id: str, channel: str) -> str:
        """What an unsubscribe link carries: whom it is about, sealed so that nobody can make up another."""
        body = f"{channel}\0{customer_id}".encode()
        seal = self._mac("unsubscribe", body.decode())[:12]
        return base64.urlsafe_b64encode(seal + body).decode().rstrip("=")

    def read_token(self, token: str) -> tuple[str, str]:
        """Customer and channel of an unsubscribe token.

        Raises:
            UnknownName: not a token of this shop.
        """
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
            channel, _, customer = raw[12:].decode().partition("\0")
        except ValueError as error:
            raise UnknownName("This is no unsubscribe link of this shop", received=token[:20]) from error
        if not customer or not hmac.compare_digest(raw[:12], self._mac("unsubscribe", f"{channel}\0{customer}")[:12]):
            raise UnknownName("This is no unsubscribe link of this shop", received=token[:20])
        return customer, channel

    def code(self, campaign_id: str, customer_id: str) -> str:
        """The promo code of one customer in one campaign: not to be guessed, the same whenever it is asked for."""
        number = int.from_bytes(self._mac("code", f"{campaign_id}\0{customer_id}"), "big")
        letters = []
        for _ in range(CODE_LENGTH):
            number, place = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[place])
        return "".join(letters)
