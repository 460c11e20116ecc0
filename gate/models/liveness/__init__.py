"""Layers that tell a living face from a picture of one, each apart."""
