"""What programs need of the operating system: durable files, JSON lines, how one ends."""
