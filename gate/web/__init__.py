"""What the pages of a gate and of an office share: HTTPS, sessions, forms, headers, events."""
