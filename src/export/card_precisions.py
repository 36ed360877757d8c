"""The model card's part on what each precision of the re-ID model costs and gives."""

from collections.abc import Mapping

_FORMS = {
    "torch": "PyTorch",
    "given": "as given",
    "fp32": "FP32",
    "fp16": "FP16",
    "int8": "INT8",
    "tensorrt_qdq": "Q/DQ ONNX",
}
_SPLITS = ("validation", "test")


def precisions_part(metrics: Mapping[str, float]) -> str:
    """Tables as Markdown, from the export's figures; empty without a re-ID model."""
    losses = [row for split in _SPLITS for form in _FORMS if (row := _loss_row(metrics, split, form))]
    if not losses:
        return ""
    return (
        "### 정밀도별 비교 · What each precision costs\n\n"
        "Each form on the same crops. False matches: share of different-person pairs at or above the threshold that "
        "ships with the form (the Q/DQ ONNX takes the shipped model's). Drops are from FP32, ± one standard error over "
        "people; the gate is described in docs/bundle.md.\n\n"
        "| people | form | mAP | rank-1 | false matches | mAP drop, points | rank-1 drop, points |\n"
        "|---|---|---|---|---|---|---|\n" + "".join(losses) + "\n" + _held_out(metrics) + _cost(metrics)
    )


def _loss_row(metrics: Mapping[str, float], split: str, form: str) -> str:
    if f"reid_{split}_map_{form}" not in metrics:
        return ""
    shares = (metrics[f"reid_{split}_{what}_{form}"] for what in ("map", "rank1"))
    drops = (_drop(metrics, split, form, what) for what in ("map", "rank1"))
    false_matches = metrics[f"reid_{split}_false_match_rate_{form}"]
    cells = (split, _FORMS[form], *(f"{100 * share:.2f}" for share in shares), f"{false_matches:.2%}", *drops)
    return f"| {' | '.join(cells)} |\n"


def _drop(metrics: Mapping[str, float], split: str, form: str, what: str) -> str:
    stem = f"reid_{split}_{'' if form == 'int8' else f'{form}_'}{what}_drop"
    if f"{stem}_points" not in metrics:
        return "–"
    return f"{metrics[f'{stem}_points']:+.2f} ± {metrics[f'{stem}_standard_error']:.2f}"


def _held_out(metrics: Mapping[str, float]) -> str:
    rate = metrics.get("reid_test_shipped_false_match_rate")
    if rate is None:
        return "The shipped threshold was not tried on held-out people: there is no test split.\n\n"
    low, high = (metrics[f"reid_tuned_false_match_rate_{end}"] for end in ("low", "high"))
    own = [metrics[f"reid_test_shipped_false_match_rate_{end}"] for end in ("low", "high")]
    return (
        f"The shipped threshold was tuned for a false-match rate of {low:.2%} to {high:.2%} (95 %); on the held-out "
        f"people of test it is {rate:.2%} ({own[0]:.2%} to {own[1]:.2%}).\n\n"
    )


def _cost(metrics: Mapping[str, float]) -> str:
    rows = "".join(
        f"| {_FORMS[form]} | {metrics[f'reid_{form}_ms_batch1']:.2f} | {metrics[f'reid_{form}_ms_batch8'] / 8:.2f} | "
        f"{metrics[f'reid_{form}_mean_cosine']:.4f} | {metrics[f'reid_{form}_lowest_cosine']:.4f} | "
        f"{metrics[f'reid_{form}_batch_gap']:.1e} |\n"
        for form in ("fp32", "fp16", "int8")
        if f"reid_{form}_ms_batch1" in metrics
    )
    counted = (
        f"{metrics['reid_parameters']:,.0f} parameters, {metrics['reid_gmacs']:.4f} GMACs a crop; "
        if "reid_gmacs" in metrics
        else ""
    )
    return (
        f"{counted}times on the exporting machine with {metrics['reid_timing_threads']:.0f} threads, network alone.\n\n"
        "| form | ms a crop, batch 1 | batch 8 | mean cosine to the reference | lowest | batch 8 against 1 |\n"
        "|---|---|---|---|---|---|\n" + rows
    )
