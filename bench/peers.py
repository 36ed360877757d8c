"""Side by side: ultralytics' ObjectCounter, supervision's LineZone with ByteTrack, and `dongsun-edge count`.

    export DONGSUN_ASSETS=… OMP_NUM_THREADS=1
    python3.11 -m venv .venv-peers
    realpath .venv/lib/python3.11/site-packages > .venv-peers/lib/python3.11/site-packages/project.pth
    .venv-peers/bin/pip install --no-deps --require-hashes -r requirements/bench.lock
    .venv/bin/python -m bench.peers --peers-python .venv-peers/bin/python

The peers live in an environment of their own that sees the project's and adds to it. All run the same YOLOv8n weights
in OpenVINO INT8; the peers' model is ultralytics' own export, calibrated on the clip's frames (of PETS on its first
70 %) as the bundle is. Each contender has a process of its own on one core, one after the other; once it looks at
every frame, once at five a second, which is what a station does. This project runs twice: with the detector on every
picture, as the peers do, and with the motion gate before it, as a station does unless told otherwise. A crossing is
right if the truth has one of that direction within a second.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2

from bench.peer_contenders import CONTENDERS, Job, Result

_TOLERANCE_S = 1.0
_CALIBRATION_STRIDE = 4
OURS = ("dongsun", "dongsun, motion gate")
Crossing = tuple[float, str]


@dataclass(frozen=True)
class Clip:
    """A clip and its judged part.

    Attributes:
        job: What every contender is given.
        bundles: Of this project, each a row.
        input_px: Height and width of the peers' exported input.
        calibrated_until: Frames from there on aren't calibrated on.
        judged_from: First frame judged.
        truth: Crossings of the judged part.
        optional: Crossings that are right counted or not.
    """

    job: Job
    bundles: tuple[str, ...]
    input_px: tuple[int, int]
    calibrated_until: int
    judged_from: int
    truth: tuple[Crossing, ...]
    optional: tuple[Crossing, ...] = ()


def clips(assets: Path) -> dict[str, Clip]:
    """The clips with a truth."""
    truths = json.loads((assets / "truth/crossings.json").read_text(encoding="utf-8"))
    people = Job(
        "", str(assets / "video/people-detection.mp4"), 0, 12.0, 12.0, "", "people-detection",
        (0.0, 0.8, 1.0, 0.8), (0.0, 0.65, 1.0, 0.65), True,
    )  # fmt: skip
    pets_line = (0.5, 1.0, 0.5, 0.25)
    pets = Job(
        "",
        str(assets / "video/vtest_pets2009_s2l1_480x360.avi"),
        0,
        10.0,
        10.0,
        "",
        "pets2009",
        pets_line,
        pets_line,
        True,
    )
    walked = truths[Path(people.video).name]["crossings"]
    passed = [(f / 10.0, "in" if way == "L" else "out") for f, _, way in truths[Path(pets.video).name]["crossings"]]
    whole = Clip(
        pets, ("bundles/people-detection",), (384, 640), 556, 0, tuple(passed), tuple((f / 10, "out") for f in (580,))
    )
    return {
        "people-detection": Clip(
            people, ("bundles/people-detection",), (384, 640), 10**9, 0, tuple((f / 12.0, way) for f, way in walked)
        ),
        "PETS whole": whole,
        "PETS test part": replace(
            whole,
            job=replace(pets, first_frame=506),
            bundles=("bundles/people-detection", "bundles/pets2009"),
            judged_from=556,
            truth=tuple(each for each in passed if each[0] >= 55.6),
        ),
    }


def error(found: list[Crossing], clip: Clip) -> tuple[int, int, int]:
    """Truth not found, findings not true, and how far the totals of both directions are off, taken together."""
    from_s = clip.judged_from / clip.job.fps
    judged = sorted(each for each in found if each[0] >= from_s)
    left, false = list(clip.truth), []
    for at_s, way in judged:
        near = [t for t in left if t[1] == way and abs(t[0] - at_s) <= _TOLERANCE_S]
        if near:
            left.remove(min(near, key=lambda t: abs(t[0] - at_s)))
        else:
            false.append((at_s, way))
    for optional in clip.optional:
        # Feet below the picture: anywhere while they are.
        near = [each for each in false if each[1] == optional[1] and abs(each[0] - optional[0]) <= 5.0]
        if near:
            false.remove(near[0])
            judged.remove(near[0])
    counted, true = Counter(way for _, way in judged), Counter(way for _, way in clip.truth)
    return len(left), len(false), sum(abs(counted[way] - true[way]) for way in ("in", "out"))


def exported(python: Path, clip: Clip, assets: Path, folder: Path) -> Path:
    """Ultralytics' own OpenVINO INT8 export for a clip; made once."""
    height, width = clip.input_px
    home = folder / f"{clip.job.store}-{height}x{width}"
    found = next(iter(home.glob("*_int8_openvino_model")), None)
    if found is not None:
        return found
    for part in ("images/val", "labels/val"):
        (home / part).mkdir(parents=True, exist_ok=True)
    capture = cv2.VideoCapture(clip.job.video)
    index = 0
    while index < clip.calibrated_until:
        read, picture = capture.read()
        if not read:
            break
        if index % _CALIBRATION_STRIDE == 0:
            cv2.imwrite(str(home / f"images/val/{index:05d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 98])
            # Calibration reads pictures alone; the loader wants a label beside each.
            (home / f"labels/val/{index:05d}.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
        index += 1
    names = "\n".join(f"  {k}: c{k}" for k in range(80))
    text = f"path: {home}\ntrain: images/val\nval: images/val\nnames:\n{names}\n"
    (home / "data.yaml").write_text(text, encoding="utf-8")
    weights = home / "yolov8n.pt"
    weights.write_bytes((assets / "detector/yolov8n.pt").read_bytes())
    script = (
        "from ultralytics import YOLO; "
        f"YOLO({str(weights)!r}).export(format='openvino', int8=True, imgsz=({height}, {width}), "
        f"data={str(home / 'data.yaml')!r}, fraction=1.0)"
    )
    subprocess.run([str(python), "-c", script], check=True, stdout=sys.stderr)
    return next(iter(home.glob("*_openvino_model")))


def run(python: Path, job: Job, folder: Path) -> Result:
    """A contender in a process of its own."""
    path = folder / "job.json"
    path.write_text(json.dumps(asdict(job)), encoding="utf-8")
    command = [str(python), "-m", "bench.peer_contenders", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(output.strip().splitlines()[-1])
    return Result(**result | {"crossings": [tuple(each) for each in result["crossings"]]})


def main() -> None:
    """Runs all and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers-python", type=Path, help="without it, this project alone")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "dongsun-peers", help="keeps exports"
    )
    parser.add_argument("--only", help="one clip")
    parser.add_argument("--analysis-fps", type=float, nargs="+", help="by default every frame, then 5")
    parser.add_argument("--export-only", action="store_true", help="makes the peers' models and stops")
    given = parser.parse_args()
    assets = Path(os.environ["DONGSUN_ASSETS"])
    given.work.mkdir(parents=True, exist_ok=True)
    heads = (
        "clip | contender | model | analysed/s | in | out | missed | false | counting error | "
        "clip frames per CPU s | CPU ms per analysed frame"
    )
    print(f"| {heads} |\n|" + "---|" * (heads.count("|") + 1), flush=True)
    for name, clip in clips(assets).items():
        if given.only and given.only != name:
            continue
        jobs = [replace(clip.job, contender=each, model=bundle) for bundle in clip.bundles for each in OURS]
        if given.peers_python is not None:
            model = exported(given.peers_python, clip, assets, given.work)
            jobs += [replace(clip.job, contender=peer, model=str(model)) for peer in CONTENDERS if peer not in OURS]
        if given.export_only:
            continue
        at = [replace(job, analysis_fps=fps) for fps in given.analysis_fps or (clip.job.fps, 5.0) for job in jobs]
        for job in at:
            python = Path(sys.executable) if job.contender in OURS else given.peers_python
            print(_row(name, clip, job, run(python, job, given.work)), flush=True)


def _row(name: str, clip: Clip, job: Job, result: Result) -> str:
    missed, false, off = error(result.crossings, clip)
    from_s = clip.judged_from / clip.job.fps
    counted = Counter(way for at_s, way in result.crossings if at_s >= from_s)
    rate = f"{job.analysis_fps:g}"
    cells = (
        name, job.contender, Path(job.model).name, rate, counted["in"], counted["out"], missed, false,
        f"{off / len(clip.truth):.1%}", f"{result.frames / result.cpu_s:.1f}",
        f"{1000 * result.cpu_s / result.analysed:.1f}",
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    main()
