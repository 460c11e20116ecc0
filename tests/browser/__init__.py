"""The console's pages in Debian's Chromium, on a gate at work."""
