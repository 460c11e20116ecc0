"""The entry gate of an exam site: the unit's own program."""

__version__ = "0.1.0"
