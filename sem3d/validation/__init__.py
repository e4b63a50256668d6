"""The Monte Carlo engine against measurements, limits, cited tables and another simulator."""
