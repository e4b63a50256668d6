"""What surrounds a run: configuration, folders, resume, loggers, processes."""
