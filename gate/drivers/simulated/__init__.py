"""Adapters that obey the hardware's contracts without the hardware; part of the product."""
