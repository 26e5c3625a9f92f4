"""Gold questions asked of the whole program, on both shops."""
