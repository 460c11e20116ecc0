"""What is kept: rounds, events with their hash chain, effects, cases, payments, sealed media."""
