"""What depends on the machine rather than on the model: `conf/trainer/*.yaml`."""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TrainerSettings:
    """Sizes and speeds that fit a machine.

    Attributes:
        workers: Processes that load and augment pictures; 0 does it in the training process.
        detector_batch: Frames a training step.
        reid_precision: Arithmetic of re-ID training.
        reid_devices: GPUs (or processes, on a CPU) that train a re-ID model together, each on P×K batches of its own.
        detector_half: bf16 mixed precision for the detector, on a GPU, or on a CPU that computes bf16 itself (AVX-512
            BF16: about 1.5 times faster); other CPUs train in fp32 whatever this says.
    """

    workers: int = Field(default=0, ge=0)
    detector_batch: int = Field(default=8, ge=2)
    reid_precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    reid_devices: int = Field(default=1, ge=1)
    detector_half: bool = False
