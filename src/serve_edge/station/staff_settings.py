"""From the store file's `staff` to the rules by which the pipeline tells staff."""

from pathlib import Path

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig
from dongsun.serve_edge.inference.models import Models
from dongsun.serve_edge.inference.uniform_gallery import read_uniforms
from dongsun.serve_edge.pipeline.staff_register import StaffRules


def staff_rules(store: StoreConfig, store_file: Path, models: Models) -> StaffRules:
    """The store's rules.

    Args:
        store: As its file describes it.
        store_file: A relative `uniform_gallery` lies beside it.
        models: Of the bundle; uniforms are compared by its re-ID model.

    Raises:
        DongsunError: A zone is no camera's, the uniforms can't be used, or the bundle can't compare them.
    """
    staff = store.staff
    zones = {zone_id for camera in store.cameras.values() for zone_id in camera.zones}
    if unknown := set(staff.zones) - zones:
        raise DongsunError(
            expected=f"zones of the cameras: {', '.join(sorted(zones)) or 'there are none'}",
            got=", ".join(sorted(unknown)),
            where="the store file: staff.zones",
            mend="name zones as the cameras do",
        )
    if staff.uniform_gallery is None:
        return StaffRules(frozenset(staff.zones), staff.zone_s)
    reid, threshold = models.manifest.reid, models.similarity_threshold
    if reid is None or threshold is None:
        raise DongsunError(
            expected="a bundle with a re-ID model",
            got="none",
            where="the store file: staff.uniform_gallery",
            mend="give another bundle, or tell staff by `zones`",
        )
    uniforms = read_uniforms(store_file.parent / staff.uniform_gallery, reid.embedding_size)
    similarity = threshold if staff.uniform_similarity is None else staff.uniform_similarity
    return StaffRules(frozenset(staff.zones), staff.zone_s, uniforms, similarity)
