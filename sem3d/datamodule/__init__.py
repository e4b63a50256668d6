"""From a store to training batches."""
