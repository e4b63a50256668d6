"""Tables and pages from result files."""
