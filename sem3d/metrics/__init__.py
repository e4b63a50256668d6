"""Scores of a reconstruction against the truth."""
