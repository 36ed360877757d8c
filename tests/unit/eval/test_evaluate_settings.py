"""What `evaluate` may be told."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dongsun.contract.errors import DongsunError
from dongsun.eval.crossing_truth import TwinTruth
from dongsun.eval.evaluate_settings import ClipSettings, EvaluateSettings


def _clip(**changes: Any) -> dict[str, Any]:
    return {"id": "a", "camera_id": "cam", "source": Path("a.mp4"), "truth": TwinTruth(path=Path("truth"))} | changes


def test_clips_come_as_mappings() -> None:
    settings = EvaluateSettings(footage="synthetic", clips=[_clip()])  # type: ignore[arg-type]
    assert isinstance(settings.clips[0], ClipSettings)
    assert settings.clips[0].replayed_frames == (0, None)
    assert settings.clips[0].judged_s is None


def test_the_judged_part_is_warmed_up() -> None:
    clip = ClipSettings(**_clip(judged_frames=(556, 795), warm_up_frames=50, frames_per_s=10.0))
    assert clip.replayed_frames == (506, 795)
    assert clip.judged_s == (55.6, 79.5)
    assert ClipSettings(**_clip(judged_frames=(556, 795), frames_per_s=10.0)).replayed_frames == (0, 795)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"truth": {"path": "truth"}}, "must name a reader"),
        ({"judged_frames": (5, 9)}, "needs `frames_per_s`"),
        ({"judged_frames": (9, 5), "frames_per_s": 10.0}, "ascend"),
        ({"id": "../a"}, "pattern"),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_unusable_clips_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ClipSettings(**_clip(**changes))


def test_clips_of_one_name_and_nothing_to_do_are_refused() -> None:
    with pytest.raises(DongsunError, match="different ids"):
        EvaluateSettings(footage="real", clips=(ClipSettings(**_clip()), ClipSettings(**_clip())))
    with pytest.raises(DongsunError, match="something to evaluate"):
        EvaluateSettings(footage="real", detection=False, reid=False)
