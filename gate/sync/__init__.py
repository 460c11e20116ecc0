"""Journal to office: wire format, outbox, MQTT, receipts."""
