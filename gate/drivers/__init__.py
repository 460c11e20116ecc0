"""What touches hardware, and the pure codecs beside it."""
