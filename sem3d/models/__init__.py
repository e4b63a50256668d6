"""Networks: plain modules from a scan (B, E, Y, X) to logits (B, *outputs, Y, X), one file each."""
