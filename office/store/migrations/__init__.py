"""The steps of the office's schema, for Alembic."""
