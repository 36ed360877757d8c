from dongsun.contract.bundle import DetectorSpec, IdentificationRates, Provenance, ReidSpec, SimilarityThreshold
from dongsun.contract.preprocess import InputSpec
from dongsun.export.model_card import CardFacts, model_card

INPUT = InputSpec(height_px=128, width_px=64, channels="rgb", resize="stretch", scale=1 / 255)
RATES = IdentificationRates(
    gallery_size=200,
    target_false_positive_rate=None,
    false_positive_rate=0.042,
    false_positive_ci95=(0.01, 0.09),
    miss_rate=0.115,
    method="empirical",
    measured_gallery_size=200,
    persons=88,
    probes=1056,
)


def card(rates: IdentificationRates | None) -> str:
    threshold = SimilarityThreshold(
        similarity=0.5,
        ci95=(0.45, 0.55),
        target_false_match_rate=0.01,
        false_match_rate=0.01,
        true_match_rate=0.6,
        genuine_pairs=100,
        impostor_pairs=1000,
        persons=20,
        identification=rates,
    )
    reid = ReidSpec(
        files={"INT8": "openvino/reid_int8.xml"},
        shipped_precision="INT8",
        input=INPUT,
        embedding_size=256,
        thresholds={"INT8": threshold},
    )
    detector = DetectorSpec(
        files={"INT8": "openvino/detector_int8.xml"},
        shipped_precision="INT8",
        input=INPUT.model_copy(update={"resize": "letterbox"}),
        output="end2end_xyxy_score_class",
        class_names=("person",),
        person_class=0,
        score_threshold=0.3,
    )
    facts = CardFacts(
        store_id="tiny",
        detector=detector,
        detector_architecture="yolo26n",
        detector_trained_from="scratch",
        zero_shot=False,
        reid=reid,
        reid_origin="trained for this store",
        metrics={},
        notes=(),
        provenance=Provenance(git_commit="unknown", git_dirty=True, dvc_hashes={}, mlflow_run_id=None, packages={}),
    )
    return model_card(facts, "1")


def test_says_what_boxes_go_around() -> None:
    assert "boxes go around what can be seen of people" in card(RATES)


def test_says_what_the_threshold_does_in_front_of_a_gallery() -> None:
    text = card(RATES)
    assert "Against 200 visitors already known: " in text
    assert "4.2% (1.0% to 9.0%) are taken for one" in text
    assert "11.5% aren't found (1,056 appearances of 88 people)" in text


def test_says_when_the_gallery_was_extrapolated() -> None:
    farther = RATES.model_copy(update={"method": "extrapolated", "measured_gallery_size": 87})
    assert "Against 200 visitors already known, extrapolated from a gallery of 87: " in card(farther)


def test_says_nothing_of_what_was_not_measured() -> None:
    assert "already known" not in card(None)
