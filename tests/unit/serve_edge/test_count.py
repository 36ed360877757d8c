"""The whole runtime on a real (tiny) OpenVINO bundle and a real video."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from dongsun.contract.bundle import read_bundle
from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Crossing, Window, ZoneVisit
from dongsun.contract.store import load_store
from dongsun.serve_edge import count as count_module
from dongsun.serve_edge.__main__ import main
from dongsun.serve_edge.count import run_count
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder
from dongsun.serve_edge.settings import CountSettings

TABLES = ("crossings.csv", "visits.csv", "windows.csv", "tracks.csv")


def settings(bundle: Path, store: Path, source: Path, out: Path, **changes: object) -> CountSettings:
    given: dict[str, object] = {"camera_id": "hall", "progress": False} | changes
    return CountSettings(bundle=bundle, store=load_store(store), source=source, out=out, **given)  # type: ignore[arg-type]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_two_walkers_are_counted_and_everything_is_written(
    tiny_bundle: Path, store_file: Path, walkers: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    summary = run_count(settings(tiny_bundle, store_file, walkers, out))
    assert (summary.lines["middle"].crossings_in, summary.lines["middle"].crossings_out) == (1, 1)
    assert (summary.unique_visitors, summary.tracks, summary.frames) == (2, 2, 40)
    assert {p.name for p in out.iterdir()} == {*TABLES, "summary.json"}
    for name, kind in (("crossings.csv", Crossing), ("visits.csv", ZoneVisit), ("windows.csv", Window)):
        assert list(rows(out / name)[0]) == list(kind.model_fields)
    crossings = rows(out / "crossings.csv")
    assert sorted((c["direction"], c["frame_index"]) for c in crossings) == [("in", "20"), ("out", "20")]
    assert all(c["visitor_id"] for c in crossings)
    assert len({c["idempotency_key"] for c in crossings}) == 2
    assert sum(json.loads(w["crossings_in"])["middle"] for w in rows(out / "windows.csv")) == 1
    assert sum(float(w["observed_s"]) for w in rows(out / "windows.csv")) == pytest.approx(4.0)
    assert summary.zone_visits == {"left": 2}
    written = json.loads((out / "summary.json").read_text())
    assert set(written["stages"]) == {"decode", "detect", "track", "embed", "count"}
    assert written["bundle_version"] == "7"


def test_the_same_bits_every_time(tiny_bundle: Path, store_file: Path, walkers: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run_count(settings(tiny_bundle, store_file, walkers, tmp_path / name, annotate=True))
    for table in (*TABLES, "annotated.mp4"):
        assert (tmp_path / "a" / table).read_bytes() == (tmp_path / "b" / table).read_bytes(), table


def test_a_part_of_the_video(tiny_bundle: Path, store_file: Path, walkers: Path, tmp_path: Path) -> None:
    summary = run_count(settings(tiny_bundle, store_file, walkers, tmp_path / "o", first_frame=25, end_frame=40))
    assert (summary.frames, summary.lines["middle"].crossings_in) == (15, 0)
    assert int(rows(tmp_path / "o/tracks.csv")[0]["frame_index"]) == 25
    with pytest.raises(DongsunError, match="without any of them"):
        run_count(settings(tiny_bundle, store_file, walkers, tmp_path / "p", first_frame=100))
    assert not (tmp_path / "p").exists()


def test_the_motion_gate_spares_still_pictures_and_counts_the_same(
    tiny_bundle: Path, store_file: Path, pausing_walkers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = str(pausing_walkers)
    arguments = ["--bundle", str(tiny_bundle), "--store", str(store_file), "--camera", "hall", "--source", video]
    for name, more in (("a", []), ("b", ["--motion-gate"])):
        assert main(["count", *arguments, "--out", str(tmp_path / name), *more]) == 0
    seen, spared = (json.loads((tmp_path / name / "summary.json").read_text()) for name in "ab")
    assert (seen["spared"], seen["frames"], spared["frames"]) == (0, 70, 70)
    # One look when they stop, and one each two seconds.
    assert 26 <= spared["spared"] <= 29
    assert spared["lines"] == seen["lines"] == {"middle": {"crossings_in": 1, "crossings_out": 1, "walked_round": 0}}
    assert spared["unique_visitors"] == seen["unique_visitors"] == 2
    times = [[float(r["stream_time_s"]) for r in rows(tmp_path / name / "crossings.csv")] for name in "ab"]
    assert times[1] == pytest.approx(times[0], abs=0.1)
    # Who stays in the picture stays in view, and what is spared is observed all the same.
    of_view = [[(w["observed_s"], w["occupancy_max"]) for w in rows(tmp_path / name / "windows.csv")] for name in "ab"]
    assert of_view[1] == of_view[0]
    capsys.readouterr()
    assert main(["count", *arguments, "--out", str(tmp_path / "c"), "--motion-gate", "--annotate"]) == 2
    assert "--annotate with --motion-gate" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_without_re_id_visitors_are_tracks(
    bundle_without_reid: Path, store_file: Path, walkers: Path, tmp_path: Path
) -> None:
    summary = run_count(settings(bundle_without_reid, store_file, walkers, tmp_path / "o"))
    assert (summary.unique_visitors, summary.visitors_identified, summary.reid_precision) == (2, False, None)
    assert summary.lines["middle"].crossings_in == 1


def test_staff_are_told_as_a_station_tells_them(
    tiny_bundle: Path, walkers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who walks through the upper half is long enough in staff's zone; the crossing came before that was known."""
    store = tmp_path / "staffed.yaml"
    store.write_text(
        "id: tiny\nstaff: {zones: [till], zone_s: 3}\ncameras:\n  hall:\n    lines:\n"
        "      middle: {from: [0.5, 0.0], to: [0.5, 1.0], inside: [0.9, 0.5]}\n"
        "    zones:\n      till: {polygon: [[0.0, 0.0], [1.0, 0.0], [1.0, 0.6], [0.0, 0.6]]}\n"
    )
    arguments = ["--bundle", str(tiny_bundle), "--store", str(store), "--camera", "hall", "--source", str(walkers)]
    assert main(["count", *arguments, "--out", str(tmp_path / "o")]) == 0
    crossings = {row["direction"]: row["staff"] for row in rows(tmp_path / "o/crossings.csv")}
    assert crossings == {"in": "True", "out": "False"}
    assert [row["staff"] for row in rows(tmp_path / "o/visits.csv")] == ["True"]
    summary = json.loads((tmp_path / "o/summary.json").read_text())
    assert (summary["unique_visitors"], summary["unique_staff"]) == (1, 1)
    assert summary["lines"]["middle"] == {"crossings_in": 1, "crossings_out": 1, "walked_round": 0}
    assert "staff" in capsys.readouterr().out


def test_the_annotated_video_is_playable_and_comes_from_the_guard_alone(
    tiny_bundle: Path, store_file: Path, walkers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blacken(self: object, picture: np.ndarray, found: object, expected: object) -> np.ndarray:
        return np.zeros_like(picture)

    monkeypatch.setattr(count_module.PrivacyGuard, "hide", blacken)
    run_count(settings(tiny_bundle, store_file, walkers, tmp_path / "o", annotate=True))
    with av.open(str(tmp_path / "o/annotated.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        pictures = [f.to_ndarray(format="bgr24") for f in container.decode(stream)]
    assert len(pictures) == 40
    # Nothing of the grey background is left where nothing is drawn: no picture went past the guard.
    assert max(int(p[100:110, 280:315].max()) for p in pictures[:15]) < 30


def test_what_the_guard_is_told_hides_the_walkers(
    tiny_bundle: Path, store_file: Path, walkers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    covered: list[bool] = []
    hide = count_module.PrivacyGuard.hide

    def watch(self: object, picture: np.ndarray, found: object, expected: object) -> np.ndarray:
        hidden = hide(self, picture, found, expected)  # type: ignore[arg-type]
        i = len(covered)
        head = np.s_[30:50, 40 + 6 * i - 11 : 40 + 6 * i + 11]
        covered.append(not np.array_equal(hidden[head], picture[head]))
        return hidden

    monkeypatch.setattr(count_module.PrivacyGuard, "hide", watch)
    run_count(settings(tiny_bundle, store_file, walkers, tmp_path / "o", annotate=True))
    assert covered == [True] * 40


def test_a_fault_half_way_leaves_what_was_there(
    tiny_bundle: Path, store_file: Path, walkers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    run_count(settings(tiny_bundle, store_file, walkers, out))
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(walkers.read_bytes()[:-400])
    with pytest.raises(DongsunError):
        run_count(settings(tiny_bundle, store_file, cut, out, annotate=True))

    def fail(self: object, frame: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(count_module.CountRun, "take", fail)
    with pytest.raises(KeyboardInterrupt):
        run_count(settings(tiny_bundle, store_file, walkers, out, annotate=True))
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cut.mp4", "out"]


def test_the_command(
    tiny_bundle: Path, store_file: Path, walkers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--bundle", str(tiny_bundle), "--store", str(store_file), "--source", str(walkers)]
    out = tmp_path / "o"
    started = ["--started-at", "2026-11-02T09:00:00+09:00"]
    assert main(["count", *common, "--camera", "hall", "--out", str(out), *started]) == 0
    assert "middle" in capsys.readouterr().out
    assert rows(out / "crossings.csv")[0]["crossed_at_utc"].startswith("2026-11-02T00:00:0")
    assert main(["count", *common, "--camera", "roof", "--out", str(out)]) == 2
    assert "one of the cameras hall" in capsys.readouterr().err
    assert main(["count", *common, "--camera", "hall", "--out", str(out), "--precision", "INT8"]) == 2
    assert "precisions FP32" in capsys.readouterr().err
    assert main(["inspect", "--bundle", str(tiny_bundle)]) == 0
    assert "every checksum right" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [["--frames", "9:3"], ["--frames", "x"], ["--started-at", "2026-11-02T09:00:00"], ["--threads", "0"]]
)
def test_wrong_arguments_are_explained(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    needed = ["--bundle", "b", "--store", "s", "--camera", "c", "--source", "v", "--out", "o"]
    with pytest.raises(SystemExit) as stop:
        main(["count", *needed, *wrong])
    assert stop.value.code == 2
    assert "such as" in (said := capsys.readouterr().err) or "number of threads" in said or "write" in said


def test_models_are_held_to_what_the_bundle_says(tiny_bundle: Path) -> None:
    manifest = read_bundle(tiny_bundle)
    assert manifest.reid is not None
    two_classes = manifest.detector.model_copy(update={"class_names": ("person", "head")})
    with pytest.raises(DongsunError, match="2 classes"):
        OpenVinoDetector(two_classes, tiny_bundle, "FP32")
    wider = manifest.detector.model_copy(update={"input": manifest.detector.input.model_copy(update={"width_px": 640})})
    with pytest.raises(DongsunError, match="OpenVINO model"):
        OpenVinoDetector(wider, tiny_bundle, "FP32")
    longer = manifest.reid.model_copy(update={"embedding_size": 256})
    with pytest.raises(DongsunError, match="256 numbers"):
        OpenVinoEmbedder(longer, tiny_bundle, "FP32")


def test_an_embedding_does_not_depend_on_its_company(tiny_bundle: Path) -> None:
    manifest = read_bundle(tiny_bundle)
    assert manifest.reid is not None
    embedder = OpenVinoEmbedder(manifest.reid, tiny_bundle, "FP32")
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 255, (50 + i, 20 + i, 3), dtype=np.uint8) for i in range(8)]
    together = embedder.embed(crops)
    assert np.array_equal(together, np.concatenate([embedder.embed([crop]) for crop in crops]))
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(8), abs=1e-6)
    assert embedder.embed([]).shape == (0, 3)


def test_the_edge_needs_no_training_stack() -> None:
    code = (
        "import sys; import dongsun.serve_edge.__main__; "
        "bad = {'torch', 'hydra', 'mlflow', 'ultralytics', 'pandas', 'dongsun.train', 'dongsun.eval'}; "
        "bad &= set(sys.modules); sys.exit(repr(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
