"""Classical reconstruction: from a scan and the physics to thickness, without training."""
