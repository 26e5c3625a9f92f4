"""Campaigns: copy, consent, outbox, approval, exports."""
