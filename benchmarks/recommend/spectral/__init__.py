"""The spectral recommender on draws that chose nothing of it."""
