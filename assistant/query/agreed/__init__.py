"""What the shop's people agreed on: meanings of words and saved segments, kept in every version."""
