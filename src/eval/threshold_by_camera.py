"""Thresholds between two cameras each, for the pairs of cameras whose people support one of their own."""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from dongsun.contract.bundle import CameraPairThreshold
from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.eval.threshold_tuning import supported_threshold


@dataclass(frozen=True)
class LeftCameraPair:
    """Two cameras that keep the store's threshold.

    Attributes:
        cameras: In alphabetical order.
        why: What their people lack.
    """

    cameras: tuple[str, str]
    why: str


@dataclass(frozen=True)
class CameraPairThresholds:
    """Every unordered pair of cameras: with a threshold of its own, or left to the store's."""

    tuned: tuple[CameraPairThreshold, ...] = ()
    left: tuple[LeftCameraPair, ...] = ()


def thresholds_by_camera_pair(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> CameraPairThresholds:
    """Tunes every pair of cameras as the store is tuned, on the pictures of these two alone.

    Raises:
        DongsunError: The people are compared within one camera: no two cameras can be told from others.
    """
    protocol = settings.protocol_for(people)
    if protocol.kind != "cross_camera":
        raise DongsunError(
            expected="people seen by two cameras, for a threshold by pair of cameras",
            got=f"people compared {protocol.kind.replace('_', ' ')}",
            where="threshold tuning",
            mend="set threshold.per_camera_pair=false for this store",
        )
    # Across cameras, whatever `auto` would choose for two of them alone.
    across = replace(settings, protocol="cross_camera")
    tuned: list[CameraPairThreshold] = []
    left: list[LeftCameraPair] = []
    for one, other in itertools.combinations(sorted(set(people.camera_ids.tolist())), 2):
        both = people.take(np.isin(people.camera_ids, (one, other)))
        crossed = sum(len(set(both.camera_ids[both.person_ids == person])) > 1 for person in both.persons)
        if crossed < settings.min_persons:
            left.append(
                LeftCameraPair((one, other), f"{crossed} persons seen by both, at least {settings.min_persons}")
            )
            continue
        try:
            threshold = supported_threshold(both, across, seed).threshold
        except DongsunError as error:
            # No fault: the pair keeps the store's threshold, and the evidence says why.
            left.append(LeftCameraPair((one, other), f"expected {error.expected}, got {error.got}"))
            continue
        tuned.append(
            CameraPairThreshold(
                cameras=(one, other),
                similarity=threshold.similarity,
                ci95=threshold.ci95,
                false_match_rate=threshold.false_match_rate,
                true_match_rate=threshold.true_match_rate,
                genuine_pairs=threshold.genuine_pairs,
                impostor_pairs=threshold.impostor_pairs,
                persons=threshold.persons,
            )
        )
    return CameraPairThresholds(tuple(tuned), tuple(left))
