"""The end of an exam's personal data at the office."""
