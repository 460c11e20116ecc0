"""Rosters on their way to the gates: published, announced, served, followed."""
