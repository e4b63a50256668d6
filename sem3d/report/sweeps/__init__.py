"""What a sweep found: tables and figures from the files of its jobs."""
