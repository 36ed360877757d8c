"""An evaluation as flat figures for tracking, and as a few lines for the person at the terminal."""

from dongsun.eval.evaluation_metrics import EvaluationMetrics


def flat_metrics(measured: EvaluationMetrics) -> dict[str, float]:
    """Name → value; names are path-like, lower case."""
    flat: dict[str, float] = {}
    if measured.detector:
        forms = [("detector", measured.detector.shipped), ("baseline", measured.detector.baseline)]
        for name, by_precision in forms:
            for precision, detection in by_precision.items():
                key = f"{name}/{precision.lower()}"
                flat[f"{key}/map50"] = detection.map50
                flat[f"{key}/map50_95"] = detection.map50_95
                flat[f"{key}/precision"] = detection.precision
                flat[f"{key}/recall"] = detection.recall
                flat[f"{key}/median_ms"] = detection.median_ms
                flat[f"{key}/bytes"] = float(detection.model_bytes)
    if measured.reid:
        for precision, retrieval in measured.reid.retrieval.items():
            key = f"reid/{precision.lower()}"
            flat[f"{key}/map"] = retrieval.mean_average_precision
            flat[f"{key}/rank1"] = retrieval.rank1
            flat[f"{key}/rank5"] = retrieval.rank5
            flat[f"{key}/minp"] = retrieval.mean_inverse_negative_penalty
            flat[f"{key}/median_ms"] = retrieval.median_ms
            flat[f"{key}/bytes"] = float(retrieval.model_bytes)
        for precision, met in measured.reid.threshold.items():
            key = f"threshold/{precision.lower()}"
            flat[f"{key}/similarity"] = met.tuned.similarity
            flat[f"{key}/false_match_rate"] = met.false_match_rate
            flat[f"{key}/true_match_rate"] = met.true_match_rate
    for clip in measured.clips:
        key = f"clip/{clip.directory.rsplit('/', 1)[-1]}"
        flat[f"{key}/event_precision"] = clip.total.precision
        flat[f"{key}/event_recall"] = clip.total.recall
        flat[f"{key}/event_f1"] = clip.total.f1
        flat[f"{key}/fps"] = clip.fps
        for line in clip.lines:
            flat[f"{key}/line/{line.line_id}/count_error"] = line.both.count_error
        if clip.visitors:
            flat[f"{key}/visitor_error"] = clip.visitors.count_error
        if clip.tracking:
            flat[f"{key}/idf1"] = clip.tracking.idf1
    return flat


def summary_text(measured: EvaluationMetrics) -> str:
    """What was measured, a line a figure that matters."""
    lines = [f"{measured.store_id} {measured.bundle_version}, {measured.footage} footage"]
    if measured.detector:
        for precision, detection in measured.detector.shipped.items():
            lines.append(f"detector {precision}: mAP50 {detection.map50:.3f}, mAP50-95 {detection.map50_95:.3f}")
        for precision, detection in measured.detector.baseline.items():
            lines.append(f"{measured.detector.baseline_name} {precision}: mAP50 {detection.map50:.3f}")
    if measured.reid:
        for precision, retrieval in measured.reid.retrieval.items():
            lines.append(
                f"re-ID {precision} ({measured.reid.protocol}): mAP {retrieval.mean_average_precision:.3f}, "
                f"rank-1 {retrieval.rank1:.3f}"
            )
        for precision, met in measured.reid.threshold.items():
            lines.append(
                f"threshold {precision} {met.tuned.similarity:.3f}: {met.false_match_rate:.2%} false, "
                f"{met.true_match_rate:.1%} true matches on test people"
            )
    for clip in measured.clips:
        lines.append(
            f"{clip.id} {clip.detector_precision}: event F1 {clip.total.f1:.3f} "
            f"({clip.total.matched} of {clip.total.true} crossings, {clip.total.predicted} counted), {clip.fps:.1f} fps"
        )
    return "\n".join(lines)
