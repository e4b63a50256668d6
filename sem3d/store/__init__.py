"""Scan stacks on disk: schema, resumable writer, checked reader."""
