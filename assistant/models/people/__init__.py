"""One person and all people: interests, profiles, fairness."""
