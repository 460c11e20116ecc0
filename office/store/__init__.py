"""The office's database: one SQLite file, one writer."""
