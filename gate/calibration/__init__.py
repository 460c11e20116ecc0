"""The laboratory: error rates and thresholds from face sets. A running gate never imports it."""
