"""Rates as people read them: `1e-4`, `0.35%`. Pure."""


def rate_name(fmr: float) -> str:
    """1e-4 as people write it: 1 in 10,000 is `1e-4`."""
    mantissa, exponent = f"{fmr:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def percent(rate: float | None) -> str:
    """A rate in percent, with the digits that it has."""
    if rate is None:
        return "–"
    value = rate * 100
    if not value:
        return "0%"
    return f"{value:.2f}%" if value >= 0.095 else f"{value:.2g}%"


def scientific(rate: float) -> str:
    """A false match rate with two digits; 0 is 0."""
    return f"{rate:.1e}".replace("e-0", "e-") if rate else "0"
