"""Which network addresses may be asked: public ones, and what the user named.

A page can point anywhere, and a name can resolve to anything: to the machine itself, to the router, to the address
where a cloud keeps its credentials (169.254.169.254). So the guard stands where a host becomes a network address: in
the resolver of the network engine (Twisted), which every connection asks, at redirects too, for names and for addresses
in numbers. A connection is made to an address the guard has seen, never to the name again; a second answer of the name
server (DNS rebinding) comes too late.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Blocks that carry an IPv4 address inside an IPv6 one, with the bit at which it starts (RFC 6052, 3056, 4291).
_CARRIERS = (("64:ff9b::/96", 0), ("64:ff9b:1::/48", 0), ("2002::/16", 80), ("::/96", 0))
# Public by number, and yet inside: the wire server that every virtual machine in Azure sees.
_INSIDE = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("fec0::/10"))
NAMES_KEPT = 10_000  # answers of the name server that are remembered during a crawl


class AllowedHost(NamedTuple):
    """A host the user named, as it stands in a URL; `port` None: any port."""

    host: str
    port: int | None


def allowed_host(text: str) -> AllowedHost:
    """`HOST` or `HOST:PORT`, an IPv6 address in brackets. Raises ValueError for anything else."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s/:@\[\]?#]+)(?::(\d{1,5}))?", text.strip())
    if not found or (found[2] and not 0 < int(found[2]) < 65536):
        raise ValueError(
            f"--allow-host {text!r}: expected HOST or HOST:PORT, as 127.0.0.1:8000, wiki.local or [::1]:80"
        )
    return AllowedHost(_spelled(found[1]), int(found[2]) if found[2] else None)


def is_public(address: str) -> bool:
    """Whether `address`, in numbers, is of the public internet: not private, loopback, link-local, multicast, reserved.

    IPv6 addresses that stand for an IPv4 address (mapped, 6to4, Teredo, NAT64) are what that address is.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = _inner(parsed)
    if inner is not None:
        return is_public(str(inner))
    if any(parsed in block for block in _INSIDE if block.version == parsed.version):
        return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved and not parsed.is_unspecified


class Guard:
    """Says which addresses of a host may be asked. `allowed`: hosts that may have any, because the user named them."""

    def __init__(self, allowed: Sequence[AllowedHost] = ()) -> None:
        self._allowed = frozenset(allowed)
        self._refused: dict[AllowedHost, str] = {}

    def admits(self, host: str, port: int, addresses: Sequence[str]) -> bool:
        """Whether `addresses`, all that `host` has, may be asked at `port`.

        One unfit address among fit ones refuses the host: no honest site has both.
        """
        asked = AllowedHost(_spelled(host), port)
        if {asked, asked._replace(port=None)} & self._allowed:
            return True
        unfit = next((address for address in addresses if not is_public(address)), None)
        if unfit is not None:
            self._refused[asked] = unfit
        return unfit is None

    def reason(self, host: str, port: int) -> str | None:
        """Why the host was refused, and what to do if it is meant; None where it was not."""
        asked = AllowedHost(_spelled(host), port)
        unfit = self._refused.get(asked)
        if unfit is None:
            return None
        shown = f"[{asked.host}]" if ":" in asked.host else asked.host
        return f"{shown} is at {unfit}, which is no public address; if it is meant, say --allow-host {shown}:{port}"


class GuardedResolver(CachingHostnameResolver):
    """scrapy's resolver, which hands out only what the guard admits; a refused host is one without addresses."""

    def __init__(self, reactor: Any, guard: Guard) -> None:
        super().__init__(reactor, NAMES_KEPT)
        self._guard = guard

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[Any] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Twisted's `IHostnameResolver`: tell the receiver the addresses of a host."""
        checked: Any = _Checked(resolutionReceiver, self._guard, hostName, portNumber)
        return super().resolveHostName(checked, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _Checked:
    """Holds the addresses of a host back until all are there and the guard has seen them."""

    def __init__(self, receiver: Any, guard: Guard, host: str, port: int) -> None:
        self._receiver = receiver
        self._guard = guard
        self._host = host
        self._port = port
        self._addresses: list[Any] = []

    def resolutionBegan(self, resolution: Any) -> None:
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        self._addresses.append(address)

    def resolutionComplete(self) -> None:
        if self._guard.admits(self._host, self._port, [address.host for address in self._addresses]):
            for address in self._addresses:
                self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()


def _spelled(host: str) -> str:
    """One spelling of a host: lower case, no brackets, no final dot, names of other scripts as the DNS has them."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        return host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return host


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.teredo:
        return address.teredo[1]
    for block, shift in _CARRIERS:
        if address in ipaddress.ip_network(block) and int(address) > 1:
            return ipaddress.IPv4Address(int(address) >> shift & 0xFFFFFFFF)
    return None
