"""Whether what was received is whole, unchanged and proven."""
