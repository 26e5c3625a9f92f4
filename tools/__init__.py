"""Tools: pydantic arguments → one workspace call → typed result. No analytics here."""
