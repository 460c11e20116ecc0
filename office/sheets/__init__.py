"""Printed sheets from the office's own data."""
