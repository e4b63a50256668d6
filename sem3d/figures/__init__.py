"""Pictures from plain arrays."""
