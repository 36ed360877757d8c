"""How large everything is that a part holds."""

import ctypes
import gc
from collections import deque

import psutil

_ENDS = ("numpy", "logging", "threading", "apsw", "_thread", "builtins", "tests.soak", "pydantic")


def resident_mb() -> float:
    """Resident memory, after all that can be given back is given back."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return float(psutil.Process().memory_info().rss) / 1e6


def container_sizes(*roots: object) -> dict[str, int]:
    """The largest length of every list, dict, set and deque that is an attribute of what the roots hold, by class."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    todo = list(roots)
    while todo:
        here = todo.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, dict):
            todo.extend(here.values())
        elif isinstance(here, list | tuple | set | frozenset | deque):
            todo.extend(here)
        elif hasattr(here, "__dict__") and not type(here).__module__.startswith(_ENDS):
            for name, value in vars(here).items():
                if isinstance(value, dict | list | set | deque):
                    key = f"{type(here).__name__}.{name}"
                    found[key] = max(found.get(key, 0), len(value))
                todo.append(value)
    return found
