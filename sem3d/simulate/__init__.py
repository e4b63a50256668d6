"""Engines and noise: a specimen and a beam in, a scan out."""
