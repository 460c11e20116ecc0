"""The ID-card reader: the SDT protocol, its serial port, and cards as events."""
