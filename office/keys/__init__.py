"""Keys, certificates and enrolled gates: who is who."""
