"""One re-ID training, described."""

from dataclasses import dataclass

from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.device import Device, computes_bf16
from dongsun.train.reid.crops import CropSet
from dongsun.train.reid.settings import ReidSettings
from dongsun.train.settings import TrainerSettings


@dataclass(frozen=True)
class ReidTask:
    """One training.

    Attributes:
        train: Crops to train on.
        validation: Crops of other persons, to choose the epoch by; may be empty when the last epoch is kept.
        recipe: Faults applied to training crops.
        resumable: Leave a point to go on from after each epoch in the work directory, and go on from one found there;
            the directory then must belong to this very task (`fingerprint`).
    """

    train: CropSet
    validation: CropSet
    recipe: AugmentRecipe
    settings: ReidSettings
    machine: TrainerSettings
    seed: int
    device: Device
    resumable: bool = False

    @property
    def precision(self) -> str:
        """As the machine's settings say; a CPU that cannot compute bf16 itself stays at fp32."""
        wanted = self.machine.reid_precision
        able = self.device == "cuda" or (wanted == "bf16-mixed" and computes_bf16())
        # A head on cached maps is too small to gain by it.
        return wanted if able and self.settings.trunk == "finetune" else "32-true"

    @property
    def devices(self) -> int:
        """How many train together; a head on cached maps is too small for more than one."""
        return self.machine.reid_devices if self.settings.trunk == "finetune" else 1
