"""What a pupil may learn from a teacher's embeddings."""

import torch
from torch import Tensor
from torch.nn import functional


def relation_loss(pupil: Tensor, teacher: Tensor) -> Tensor:
    """How differently the two see which images are alike (Park et al., "Relational Knowledge Distillation", 2019).

    Args:
        pupil: float (n, d), not normalised.
        teacher: float (n, e), rows of length one; e need not be d.

    Returns:
        The mean square of the difference between the two matrices of cosine similarities, diagonals left out.
    """
    pupil = functional.normalize(pupil.float(), dim=1)
    teacher = teacher.float()
    difference = pupil @ pupil.T - teacher @ teacher.T
    others = ~torch.eye(len(pupil), dtype=torch.bool, device=pupil.device)
    return difference[others].pow(2).mean()


def embedding_loss(pupil: Tensor, teacher: Tensor) -> Tensor:
    """How far the two point apart: the mean of one minus the cosine, both float (n, e)."""
    return (1.0 - functional.cosine_similarity(pupil.float(), teacher.float(), dim=1)).mean()
