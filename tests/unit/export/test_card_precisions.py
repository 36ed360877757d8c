"""The card says what was measured, and no more."""

from dongsun.export.card_precisions import precisions_part


def figures(forms: tuple[str, ...], splits: tuple[str, ...]) -> dict[str, float]:
    made: dict[str, float] = {"reid_timing_threads": 2, "reid_parameters": 1234567, "reid_gmacs": 0.25}
    for form in forms:
        for split in splits:
            made |= {f"reid_{split}_{what}_{form}": 0.5 for what in ("map", "rank1", "false_match_rate")}
        made |= {f"reid_{form}_ms_batch1": 1.5, f"reid_{form}_ms_batch8": 8.0}
        made |= {f"reid_{form}_{what}": 0.999 for what in ("mean_cosine", "lowest_cosine", "batch_gap")}
    return made


def test_every_form_has_a_row_a_split_and_a_cost() -> None:
    made = figures(("fp32", "int8"), ("validation", "test"))
    made |= {"reid_test_map_drop_points": 0.25, "reid_test_map_drop_standard_error": 0.1}
    made |= {f"reid_tuned_false_match_rate_{end}": rate for end, rate in (("low", 0.005), ("high", 0.02))}
    made |= {f"reid_test_shipped_false_match_rate{end}": 0.01 for end in ("", "_low", "_high")}
    card = precisions_part(made)
    assert "| test | INT8 | 50.00 | 50.00 | 50.00% | +0.25 ± 0.10 | – |" in card
    assert "| INT8 | 1.50 | 1.00 | 0.9990 |" in card
    assert "1,234,567 parameters, 0.2500 GMACs" in card
    assert "tuned for a false-match rate of 0.50% to 2.00% (95 %)" in card
    assert "FP16" not in card


def test_without_test_people_the_card_says_so_and_without_reid_nothing() -> None:
    assert "not tried on held-out people" in precisions_part(figures(("fp32",), ("validation",)))
    assert precisions_part({"detector_fp32_ms_batch1": 3.0}) == ""
