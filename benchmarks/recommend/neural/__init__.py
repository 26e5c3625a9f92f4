"""Neural recommenders beside the linear ones."""
