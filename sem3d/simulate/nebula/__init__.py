"""The external simulator Nebula: its files, its command line, its results."""
