"""A training: Lightning's trainer, what watches it, its processes, checkpoints and loggers."""
