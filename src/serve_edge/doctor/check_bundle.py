"""Is the bundle whole, and does it do here what it did where it was made?"""

from pathlib import Path

from dongsun.contract.bundle import BundleManifest, Precision, read_bundle
from dongsun.contract.errors import DongsunError
from dongsun.contract.selftest import SELFTEST_DIRECTORY
from dongsun.serve_edge.doctor.finding import Finding, Words, advice, broken, fine
from dongsun.serve_edge.inspect_bundle import inspect_bundle


def bundle_findings(
    bundle: Path, precision: Precision | None, store_id: str
) -> tuple[BundleManifest | None, list[Finding]]:
    """The manifest of a bundle that can be used, and what can be said of it.

    Args:
        bundle: Its directory.
        precision: As `station.yaml` asks for; None is what the bundle ships.
        store_id: Whose cameras it is to look through.
    """
    title = Words("The bundle can't be used", "번들을 쓸 수 없습니다")
    try:
        inspect_bundle(bundle)
        manifest = read_bundle(bundle)
        _has(manifest, precision)
    except DongsunError as error:
        return None, [broken(title, error)]
    found = []
    if any(entry.path.startswith(f"{SELFTEST_DIRECTORY}/") for entry in manifest.files):
        found.append(
            fine(f"Bundle {manifest.version} passes its self-test", f"번들 {manifest.version}: 자가 시험 통과")
        )
    else:
        found.append(
            advice(
                Words(
                    f"Bundle {manifest.version} brings no self-test", f"번들 {manifest.version}: 자가 시험이 없습니다"
                ),
                Words("Export it again with this version of dongsun.", "이 버전의 dongsun으로 다시 내보내세요."),
            )
        )
    if manifest.store_id != store_id:
        found.append(
            advice(
                Words(
                    f"The bundle was made for the store {manifest.store_id}, not {store_id}",
                    f"번들이 {store_id}가 아니라 {manifest.store_id} 매장용입니다",
                ),
                Words(
                    "Its figures hold for that store; count a recording of this one by hand before trusting it.",
                    "성능 수치는 그 매장의 것입니다. 이 매장의 녹화로 직접 세어 확인한 뒤 쓰세요.",
                ),
            )
        )
    return manifest, found


def _has(manifest: BundleManifest, precision: Precision | None) -> None:
    offered = set(manifest.detector.files)
    if manifest.reid is not None:
        offered &= set(manifest.reid.files) & set(manifest.reid.thresholds)
    if precision is not None and precision not in offered:
        raise DongsunError(
            expected=f"one of the bundle's precisions {', '.join(sorted(offered))}",
            got=precision,
            where="precision",
            mend="choose one of them, or leave `precision` out",
        )
