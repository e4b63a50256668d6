"""Pictures of a sweep: scores over the swept settings."""
