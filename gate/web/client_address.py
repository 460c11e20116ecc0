"""Where a client is: on this machine, or which other one it is."""

import ipaddress


def is_loopback(address: str) -> bool:
    """Whether it is this machine itself. False for what is no address."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def machine_of(address: str) -> str:
    """One name for the addresses of one machine: of IPv6 the first 64 bits, which it cannot choose
    (RFC 4291, 2.5.1). What is no address is itself."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address) and not parsed.is_loopback:
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return address if parsed is None else str(parsed)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
