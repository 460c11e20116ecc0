"""Scanners beside the card reader: lines, machine readable zones, tags."""
