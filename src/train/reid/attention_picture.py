"""Where an attention head looks, laid over the crops: `attention_maps.png`."""

import cv2
import numpy as np
import torch

from dongsun.contract.preprocess import FrameBgr, InputSpec, stretched
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.heads.attention import AttentionHead
from dongsun.train.reid.heads.part_attention import PartAttentionHead

_CELL_HEIGHT_PX = 192
_PICTURE_SHARE = 0.45


def attention_picture(embedder: ReidEmbedder, crops_bgr: list[FrameBgr], spec: InputSpec) -> FrameBgr:
    """A row a crop: the crop, then one cell a query, its score map (averaged over heads) as heat.

    Args:
        embedder: In eval mode, with an attention head.
        crops_bgr: One or more.

    Returns:
        uint8 (rows * cell height, (1 + queries) * cell width, 3), blue, green, red; a map is scaled to its own maximum.
    """
    head = embedder.head
    if not isinstance(head, AttentionHead | PartAttentionHead):
        raise TypeError(f"{type(head).__name__} has no score maps")
    with torch.inference_mode():
        scores = head.score_maps(embedder.trunk(torch.from_numpy(stretched(crops_bgr, spec)))).mean(dim=1)
    size = (round(_CELL_HEIGHT_PX * spec.width_px / spec.height_px), _CELL_HEIGHT_PX)
    rows = []
    for crop, maps in zip(crops_bgr, scores.numpy(), strict=True):
        plain = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        rows.append(np.hstack([plain, *(_heated(plain, one) for one in maps)]))
    return np.vstack(rows)


def _heated(plain: FrameBgr, scores: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> FrameBgr:
    height, width = plain.shape[:2]
    scaled = cv2.resize(scores / scores.max(), (width, height), interpolation=cv2.INTER_CUBIC)
    heat = cv2.applyColorMap((np.clip(scaled, 0, 1) * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    return np.asarray(cv2.addWeighted(plain, _PICTURE_SHARE, heat, 1 - _PICTURE_SHARE, 0), dtype=np.uint8)
