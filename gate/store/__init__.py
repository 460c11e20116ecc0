"""The gate's journal: append-only, hash-chained, durable."""
