"""What ingest says, in words, of a data set that is sound but cannot do everything."""

from collections.abc import Iterator

from dongsun.data.audit import AuditResult
from dongsun.data.records import Split


def remarks(reid: AuditResult) -> tuple[str, ...]:
    """Sentences on people and scenes that some use of the data set will miss; empty when there are none."""
    return tuple(_remarks(reid))


def _remarks(reid: AuditResult) -> Iterator[str]:
    if any(reid.single_image_persons.values()):
        yield f"people with one image only: {_counts(reid.single_image_persons)}; nothing of theirs can be matched"
    if len(reid.cameras) == 1:
        yield f"one camera only ({reid.cameras[0]}): people can be searched for across time, not across cameras"
    elif any(reid.single_camera_persons.values()):
        counts = _counts(reid.single_camera_persons)
        yield f"people seen by one camera only: {counts}; they cannot be searched for across cameras"
    used = [split for split, images in reid.images.items() if images]
    for scene, images in reid.scenes.items():
        absent = [split for split in used if not images[split]]
        if absent:
            yield f"scene {scene} has no image in {', '.join(absent)}: too few people were filmed there"


def _counts(persons: dict[Split, int]) -> str:
    return ", ".join(f"{split} {count}" for split, count in persons.items() if count)
