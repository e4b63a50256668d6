"""Random structures and named cases: a seeded generator in, a specimen out."""
