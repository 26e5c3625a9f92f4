"""Contacts of the demo shop: consent per channel with time and source, suppressions, fictional addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.data.demo.customers import COUNTRIES, Customers, customer_ids
from assistant.data.demo.randomness import stream
from assistant.data.demo.seasons import Calendar
from assistant.data.schema import CHANNELS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Share with an address, and share of those who agreed, per channel.
_HAS = {"email": 0.93, "sms": 0.58, "push": 0.30, "post": 0.82}
_AGREED = {"email": 0.70, "sms": 0.46, "push": 0.72, "post": 0.52}
_SOURCES = {
    "email": ("checkout", "newsletter form", "account settings"), "sms": ("checkout", "account settings"),
    "push": ("app",), "post": ("checkout", "catalogue request"),
}
NO, YES, UNKNOWN = 0, 1, -1


@dataclass
class ContactBook:
    """State of every customer's contacts; campaigns change it. Arrays are (customers, channels).

    Attributes:
        has: there is an address.
        consent: ``YES``, ``NO`` or ``UNKNOWN`` (an old import that says nothing).
        consent_day: day index at which consent was given, refused or withdrawn.
        source: where.
        bad_address: the first message bounces.
        reason, reason_day: why and from when the contact is suppressed; day +inf: not.
    """

    has: np.ndarray
    consent: np.ndarray
    consent_day: np.ndarray
    source: np.ndarray
    bad_address: np.ndarray
    reason: np.ndarray
    reason_day: np.ndarray

    def mailable(self, channel: str, day: float) -> np.ndarray:
        """Customers who may be contacted on the channel on that day."""
        c = CHANNELS.index(channel)
        return (
            self.has[:, c] & (self.consent[:, c] == YES) & (self.consent_day[:, c] <= day)
            & (self.reason_day[:, c] > day)
        )

    def withdraw(self, customers: np.ndarray, channel: str, day: float) -> None:
        """The customers unsubscribe."""
        c = CHANNELS.index(channel)
        self.consent[customers, c] = NO
        self.consent_day[customers, c] = day
        self.source[customers, c] = "unsubscribe link"

    def suppress(self, customers: np.ndarray, channel: str, day: float, reason: str) -> None:
        """The customers must not be contacted on the channel from that day on."""
        c = CHANNELS.index(channel)
        self.reason[customers, c] = reason
        self.reason_day[customers, c] = day


def build_contacts(seed: int, calendar: Calendar, customers: Customers) -> ContactBook:
    """Consents as they were when each customer joined, before any campaign. Deterministic in ``seed``."""
    import numpy as np

    rng = stream(seed, "contacts")
    n, k = customers.n_known, len(CHANNELS)
    has = np.stack([rng.random(n) < _HAS[c] for c in CHANNELS], axis=1)
    agreed = np.stack([rng.random(n) < _AGREED[c] for c in CHANNELS], axis=1)
    consent = np.where(agreed, YES, NO)
    old = rng.random((n, k)) < 0.03
    consent[old] = UNKNOWN
    joined = np.minimum(customers.joined[:n], calendar.n_data - 1)
    # most agree at once, some later; nobody before they came, nobody after the data end
    later = rng.exponential(60, (n, k)) * (rng.random((n, k)) < 0.25)
    day = np.minimum(joined[:, None] + later + rng.uniform(0.35, 0.9, (n, k)), calendar.n_data - 0.05)
    source = np.empty((n, k), dtype=object)
    for index, channel in enumerate(CHANNELS):
        source[:, index] = np.array(_SOURCES[channel], dtype=object)[rng.integers(len(_SOURCES[channel]), size=n)]
    source[old] = "import of 2021"
    reason = np.full((n, k), None, dtype=object)
    reason_day = np.full((n, k), np.inf)
    objects = rng.random(n) < 0.012
    reason[objects], reason_day[objects] = "objection", (joined + 1)[objects][:, None]
    bad = (rng.random((n, k)) < np.array([0.022, 0.012, 0.03, 0.008])) & has
    return ContactBook(has, consent, day, source, bad, reason, reason_day)


def contact_rows(book: ContactBook, calendar: Calendar, customers: Customers) -> pd.DataFrame:
    """Canonical contacts as they stand on the last day. Addresses cannot belong to anybody."""
    import numpy as np
    import pandas as pd

    midnight = np.datetime64(calendar.first_day).astype("datetime64[s]")
    zone = np.array([COUNTRIES[c][1] for c in customers.country[: customers.n_known]], dtype=object)
    person, channel = np.nonzero(book.has)
    moment = midnight + np.round(book.consent_day[person, channel] * 86400).astype(int)
    state = book.consent[person, channel]
    return pd.DataFrame({
        "customer_id": customer_ids(person),
        "channel": np.array(CHANNELS, dtype=object)[channel],
        "address": [_address(int(p), CHANNELS[c], customers) for p, c in zip(person, channel, strict=True)],
        "consent": pd.array(np.where(state == UNKNOWN, pd.NA, state == YES), dtype="boolean"),
        "consent_at": np.where(state == UNKNOWN, np.datetime64("NaT"), moment),
        "consent_source": book.source[person, channel],
        "suppressed": book.reason_day[person, channel] < np.inf,
        "suppressed_reason": book.reason[person, channel],
        "time_zone": zone[person],
    })


def _address(person: int, channel: str, customers: Customers) -> str:
    """An address that no real person has.

    E-mail: example.com (RFC 2606). Telephone: the ranges that regulators keep for drama and fiction, +44 7700 900000 to
    900999 (Ofcom) in the United Kingdom and Ireland, +33 6 39 98 00 00 to 99 99 (Arcep) elsewhere.
    """
    number = customer_ids(person)
    if channel == "email":
        return f"customer{number}@example.com"
    if channel == "sms":
        if customers.country[person] in ("United Kingdom", "Ireland"):
            return f"+447700900{person % 1000:03d}"
        return f"+3363998{person % 10000:04d}"
    if channel == "push":
        return f"fictional-device-{number}"
    return f"{number} Example Street, {customers.city[person]} (fictional)"
