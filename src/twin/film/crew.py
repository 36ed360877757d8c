"""Films one split into one folder."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.store import StoreConfig
from dongsun.twin.crowd.trajectories import Member
from dongsun.twin.film.assembly import assemble_camera, assemble_exports
from dongsun.twin.film.segments import film_segment, segments
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.film.stills import shoot, views
from dongsun.twin.film.studio import Studio
from dongsun.twin.film.visitors import split_crowd
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.truth.mot import mot_files
from dongsun.twin.truth.writing import write_people, write_truth


@dataclass(frozen=True)
class Crew:
    """Films a split; `split.json` in the folder carries the fingerprint of everything it was made from.

    Attributes:
        store: The store.
        plan: Its twin.
        split: What to film, its number of people settled.
        fingerprint: Of the split.
        studio: Rendering processes.
        progress: A bar whose `update(frames)` is called.
    """

    store: StoreConfig
    plan: TwinPlan
    split: TwinSplit
    fingerprint: str
    studio: Studio
    progress: Any

    def film(self, output_dir: Path, segment_s: float) -> None:
        """Makes `output_dir/<split>`, whole or not at all."""
        if self.split.kind == "stills":
            with atomic_directory(output_dir / self.split.name) as directory:
                self._finish(directory, self._film_stills(directory))
            return
        self._film_video(output_dir, segment_s)

    def _film_video(self, output_dir: Path, segment_s: float) -> None:
        """Films what is not yet in the work folder, then assembles; the work folder of a killed render is gone on."""
        split, plan = self.split, self.plan
        work = output_dir / f".{split.name}.{self.fingerprint[:8]}.partial"
        for stale in output_dir.glob(f".{split.name}.*.partial"):
            if stale != work:
                shutil.rmtree(stale)
        trajectories = split_crowd(plan, split)
        with atomic_directory(work / "truth") as directory:  # first: a fault in a line shows before hours of filming
            truth = write_truth(directory, self.store, plan, trajectories, starts_at=split.starts_at)
        cameras = [list(segments(plan, trajectories, camera_id, work, segment_s)) for camera_id in plan.cameras]
        for segment in (s for camera in cameras for s in camera):
            if segment.filmed:
                self.progress.update(segment.end - segment.first)
            else:
                film_segment(segment, plan, trajectories, split, self.studio, self.progress)
        with atomic_directory(output_dir / split.name) as directory:
            shutil.copytree(work / "truth", directory / "truth")
            boxes = sum(assemble_camera(camera, directory, plan.fps_of(camera[0].camera_id)) for camera in cameras)
            assemble_exports(cameras, directory, split)
            frames = sum(camera[-1].end for camera in cameras)
            summary = {"kind": "video", "fps": plan.fps, "people": split.people, "boxes": boxes}
            self._finish(directory, summary | {"frames": frames, "crossings": truth.crossings, "truth": asdict(truth)})
        shutil.rmtree(work)

    def _film_stills(self, directory: Path) -> dict[str, Any]:
        """Scatters people before ever other cameras."""
        boxes = 0
        plan, split = self.plan, self.split
        for index, camera_id in enumerate(plan.cameras):
            (directory / camera_id).mkdir()
            with mot_files(directory, camera_id, plan.width_px, plan.height_px) as mot:
                for stills in self.studio.run(shoot, views(plan, split, index)):
                    for still in stills:
                        name = f"{still.frame_index + 1:06d}.jpg"
                        (directory / camera_id / name).write_bytes(still.jpeg)
                        mot.add(still.frame_index + 1, still.sightings)
                    self.progress.update(len(stills))
            boxes += mot.boxes
        write_people(directory / "truth" / "people.csv", plan, map(Member, split.person_ids))
        frames = split.frames * len(plan.cameras)
        return {"kind": "stills", "frames": frames, "people": split.people, "boxes": boxes, "crossings": 0}

    def _finish(self, directory: Path, summary: dict[str, Any]) -> None:
        write_json(directory / "split.json", {"fingerprint": self.fingerprint, **summary})
