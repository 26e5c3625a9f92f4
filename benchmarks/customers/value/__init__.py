"""Lifetime value: the published case, an honest improvement on its holdout, shops by time, planted truth, speed."""
