"""Which device a training runs on."""

from typing import Literal

import torch

from dongsun.contract.errors import DongsunError

DeviceChoice = Literal["auto", "cpu", "cuda"]
Device = Literal["cpu", "cuda"]


def resolve_device(choice: DeviceChoice) -> Device:
    """`auto` becomes `cuda` where a GPU is usable, else `cpu`.

    Raises:
        DongsunError: `cuda` was asked for and there is none.
    """
    if choice == "cuda" and not torch.cuda.is_available():
        raise DongsunError(
            expected="a CUDA GPU that this torch can use",
            got="none",
            where="device=cuda",
            mend="use device=auto or device=cpu, or install the GPU build of torch",
        )
    if choice == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return choice


def computes_bf16() -> bool:
    """Whether this CPU multiplies bf16 itself (AVX-512 BF16); others would only emulate it, slowly."""
    return bool(torch.cpu._is_avx512_bf16_supported())
