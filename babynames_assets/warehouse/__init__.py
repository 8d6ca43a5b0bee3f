"""The warehouse database: the only package that speaks SQL."""
