"""Compiling the inner loops, with their types kept for the type checker."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba as nb

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """`function` compiled by numba on its first call, the machine code cached on disk beside the source."""
    return cast(_Function, nb.njit(fastmath=True, cache=True)(function))
