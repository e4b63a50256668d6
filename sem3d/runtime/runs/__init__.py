"""The folder of one training run: what it holds, came from, and how it is repeated."""
