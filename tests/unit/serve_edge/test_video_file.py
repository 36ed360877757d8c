"""Frames in order with ascending times, and damaged files refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.stream.timestamps import FrameClock
from dongsun.serve_edge.stream.video_file import VideoFile


def noise(n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(n)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, video_of: Callable[..., Path]) -> Path:
    return video_of(tmp_path_factory.mktemp("clip") / "a.mp4", noise(60))


def test_every_frame_comes_once_in_order(clip: Path) -> None:
    frames = list(VideoFile(clip).frames())
    assert [f.index for f in frames] == list(range(60))
    assert [f.stream_time_s for f in frames] == pytest.approx([i / 10 for i in range(60)])
    assert frames[0].picture_bgr.shape == (64, 96, 3)


def test_a_part_keeps_the_whole_file_s_indices_and_times(clip: Path) -> None:
    part = list(VideoFile(clip).frames(20, 30))
    assert [f.index for f in part] == list(range(20, 30))
    assert part[0].stream_time_s == pytest.approx(2.0)


def test_a_truncated_file_is_refused(clip: Path, tmp_path: Path, video_of: Callable[..., Path]) -> None:
    # Matroska-like tolerance would hide the cut, so an MP4 whose index comes first is cut in its data.
    import av

    front = tmp_path / "front.mp4"
    with av.open(str(clip)) as source, av.open(str(front), "w", options={"movflags": "faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert len(list(VideoFile(front).frames())) == 60
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(front.read_bytes()[: front.stat().st_size // 2])
    with pytest.raises(DongsunError, match="readable video"):
        list(VideoFile(cut).frames())


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(DongsunError, match="readable video"):
        VideoFile(path)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="no such file"):
        VideoFile(tmp_path / "none.mp4")


@given(st.lists(st.integers(2, 6), min_size=1, max_size=8))
def test_times_shuffled_within_groups_of_pictures_are_put_right(groups: list[int]) -> None:
    """Packets carry decode-order times; pictures come out in presentation order with their packet's time."""
    clock = FrameClock(0.1, shuffled=True)
    given_out: list[float] = []
    start = 0
    for size in groups:  # packet order: the last picture of a group first, then the others
        for k in range(size):
            clock.packet((start + k) / 10)
        for k in [*range(1, size), 0]:  # presentation order: each picture's own (wrong) time
            given_out.append(clock.picture((start + k) / 10))
        start += size
    assert given_out == pytest.approx([i / 10 for i in range(start)])
    assert clock.repaired == 0


def test_a_time_that_does_not_ascend_is_replaced_and_counted() -> None:
    clock = FrameClock(0.1, shuffled=False)
    times = [clock.picture(t) for t in (5.0, 5.1, 5.1, None, 5.4)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert clock.repaired == 2
