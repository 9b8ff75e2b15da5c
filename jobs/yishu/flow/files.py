"""Text or bytes → a file, whole or not at all; an equal one stays untouched."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def put(path: Path, content: str | bytes) -> bool:
    """Put the whole file in place at once, so that a reader sees the old one or the new one.

    Returns:
        whether it changed.
    """
    wanted = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == wanted:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.write_bytes(wanted)
    os.replace(fresh, path)
    return True
