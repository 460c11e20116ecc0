"""Lamps, buzzer, barrier and the acknowledge button."""
