"""Saying what a bundle is, after verifying it on this machine."""

from pathlib import Path

from dongsun.contract.bundle import BundleManifest, Precision, read_bundle
from dongsun.contract.clock import iso_utc
from dongsun.contract.preprocess import InputSpec
from dongsun.contract.selftest import SELFTEST_DIRECTORY, SelfTestOutcome, read_selftest, run_selftest
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder

_BYTES_PER_MIB = 2**20


def inspect_bundle(bundle: Path) -> str:
    """Verifies every file of a bundle, loads all its models, runs its self-test here, and describes it.

    Raises:
        DongsunError: The bundle is not whole, a model doesn't load, or the self-test fails on this machine.
    """
    manifest = read_bundle(bundle)
    for precision in manifest.detector.files:
        OpenVinoDetector(manifest.detector, bundle, precision)
    if manifest.reid is not None:
        for precision in manifest.reid.files:
            OpenVinoEmbedder(manifest.reid, bundle, precision)
    return "\n".join([*_description(manifest), _outcome(check_selftest(bundle, manifest))])


def check_selftest(bundle: Path, manifest: BundleManifest) -> SelfTestOutcome | None:
    """Runs the self-test of a verified bundle with its shipped models; None if the bundle brings none.

    Raises:
        DongsunError: The self-test can't be read or fails.
    """
    if not any(entry.path.startswith(f"{SELFTEST_DIRECTORY}/") for entry in manifest.files):
        return None
    selftest = read_selftest(bundle)
    detector = OpenVinoDetector(
        manifest.detector, bundle, selftest.detector.precision, score_floor=selftest.detector.score_floor
    )
    embedder = None
    if manifest.reid is not None and selftest.reid is not None:
        embedder = OpenVinoEmbedder(manifest.reid, bundle, selftest.reid.precision)
    return run_selftest(bundle, selftest, detector.detect, embedder.embed if embedder else None)


def _description(manifest: BundleManifest) -> list[str]:
    detector, reid, provenance = manifest.detector, manifest.reid, manifest.provenance
    size = sum(entry.bytes for entry in manifest.files) / _BYTES_PER_MIB
    lines = [
        f"store      {manifest.store_id}",
        f"version    {manifest.version}, made {iso_utc(manifest.created_at_utc)}",
        f"from       commit {provenance.git_commit}{' with uncommitted changes' if provenance.git_dirty else ''}",
        f"files      {len(manifest.files)}, {size:.1f} MiB, every checksum right",
        f"detector   {_precisions(detector.files, detector.shipped_precision)}; {_input(detector.input)}; person at or "
        f"above {detector.score_threshold:g}; boxes go around "
        + ("whole bodies" if detector.box_extent == "whole_body" else "what can be seen of people"),
    ]
    if reid is None:
        lines.append("re-ID      none: unique visitors will be tracks")
    else:
        lines.append(f"re-ID      {_precisions(reid.files, reid.shipped_precision)}; {_input(reid.input)}")
        for precision, threshold in reid.thresholds.items():
            low, high = threshold.ci95
            lines.append(
                f"threshold  {precision}: same person at {threshold.similarity:.3f} (95 % {low:.3f} to {high:.3f}); "
                f"{threshold.false_match_rate:.2%} false matches, {threshold.true_match_rate:.1%} true ones, on "
                f"{threshold.persons} persons"
            )
            if (rates := threshold.identification) is not None:
                lines.append(
                    f"           among {rates.gallery_size} visitors ({rates.method}): {rates.false_positive_rate:.1%} "
                    f"of strangers matched, {rates.miss_rate:.1%} of visitors missed"
                )
    return lines + [f"{name:<42} {value:.4g}" for name, value in sorted(manifest.metrics.items())]


def _precisions(files: dict[Precision, str], shipped: Precision) -> str:
    return ", ".join(f"{precision} (shipped)" if precision == shipped else precision for precision in files)


def _input(spec: InputSpec) -> str:
    return f"{spec.width_px}×{spec.height_px} {spec.channels}, {spec.resize}"


def _outcome(outcome: SelfTestOutcome | None) -> str:
    if outcome is None:
        return "self-test  the bundle brings none"
    cosine = "" if outcome.lowest_cosine is None else f", embeddings' cosine {outcome.lowest_cosine:.4f} or more"
    return (
        f"self-test  passed: boxes' IoU {outcome.lowest_iou:.3f} or more, scores within "
        f"{outcome.largest_score_difference:.3f}{cosine}"
    )
