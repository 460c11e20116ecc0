"""The office's database: SQLite by default, PostgreSQL by URL."""
