"""Predictions on a dataset, scored and written down."""
