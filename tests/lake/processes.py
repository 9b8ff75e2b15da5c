"""What Linux tells about processes: which of a session live, and on which addresses they listen (proc(5))."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path


def living(sessions: Iterable[int]) -> list[int]:
    """Process ids of these sessions, zombies left out."""
    wanted, found = set(sessions), []
    for entry in Path("/proc").iterdir():
        try:
            ours = entry.name.isdigit() and os.getsid(int(entry.name)) in wanted
            if ours and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(entry.name))
        except (ProcessLookupError, FileNotFoundError):
            continue
    return found


def listening(sessions: Iterable[int]) -> set[tuple[str, int]]:
    """Addresses and ports on which a process of these sessions listens (net/tcp: state 0A)."""
    inodes = set()
    for pid in living(sessions):
        try:
            inodes |= {os.readlink(handle) for handle in Path(f"/proc/{pid}/fd").iterdir() if handle.is_symlink()}
        except FileNotFoundError:
            continue
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                address, port = fields[1].split(":")
                found.add((_address(address), int(port, 16)))
    return found


def _address(written: str) -> str:
    """The kernel writes an address as 32-bit words in the machine's byte order."""
    words = [bytes.fromhex(written[at : at + 8])[::-1] for at in range(0, len(written), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
