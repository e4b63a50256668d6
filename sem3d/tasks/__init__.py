"""Model, loss and metrics joined into a training step."""
