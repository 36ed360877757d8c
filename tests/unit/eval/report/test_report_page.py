"""The page as a whole: self-contained, true to its inputs, safe to pass on."""

import base64
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.eval.evaluation_metrics import LineFigures
from dongsun.eval.run_report import ReportStage
from tests.unit.eval.report.conftest import STORE, MadeStore, clip, evaluation, events

PageOf = Callable[[ReportStage], str]
_LOADING = {"src", "href", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href"}


class _Elements(HTMLParser):
    """Every tag with its attributes, and the text that is shown."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.shown: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.shown.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.shown).split())


def test_nothing_is_loaded_from_anywhere(made: MadeStore, page_of: PageOf) -> None:
    page = page_of(made.stage())
    _assert_drawn_plots_load_nothing(page)
    for tag, attributes in _Elements(page).elements:
        for name in _LOADING & attributes.keys():
            assert attributes[name].startswith(("#", "data:image/")), f"{tag} {name}={attributes[name][:60]}"
        assert not any(name.startswith("on") for name in attributes)
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & {
        t for t, _ in _Elements(page).elements
    }
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page


def _assert_drawn_plots_load_nothing(page: str) -> None:
    drawn = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)
    assert len(drawn) > 10
    for encoded in drawn:
        picture = base64.b64decode(encoded).decode("utf-8")
        assert not re.findall(r"(?:href|src)=\"(?!#)", picture)
        assert "<script" not in picture
        assert not re.search(r"https?://(?!www\.w3\.org/)", picture)


@pytest.mark.usefixtures("undrawn")
def test_shown_values_are_the_measured_ones(made: MadeStore, page_of: PageOf) -> None:
    text = _Elements(page_of(made.stage())).text
    for shown in (
        "0.933",  # event F1 of 14 right among 15 and 15
        "13.3 %",  # one too few in and one too many out
        "15 / 14",  # visitors
        "FP32 0.942 → INT8 0.939",
        "−0.33 points",
        "FP32 0.771 → INT8 0.768",
        "0.608",  # the threshold that ships, not PyTorch's
        "0.577 – 0.635",
        "Among 19 visitors in the gallery",
        "8.3 % of cases (95 %: 4.1 % to 12.6 %)",
        "1.27 %",  # false matches on test people
        "41.7 fps",
        "4.2 × real time",
        "zero-shot, INT8",
        "0.858",
        "0.83",  # dwell error
        "IDF1 of 0.912",
        "truncated image",
        "md5:aabbcc",
        "f00dcafe",
        "0123456789abcdef0123456789abcdef01234567",
    ):
        assert shown in text, shown


@pytest.mark.usefixtures("undrawn")
def test_synthetic_is_said_loudly_and_real_is_not_called_synthetic(made: MadeStore, page_of: PageOf) -> None:
    page = page_of(made.stage())
    assert page.count("synthetic / 합성") >= 3
    real = tuple(clip(footage="real") for _ in range(1))
    made.write_evaluation(evaluation(footage="real", clips=real))
    page = page_of(made.stage())
    text = _Elements(page.partition("<body>")[2]).text
    assert "ynthetic" not in text and "합성" not in text
    assert "real footage / 실제 영상" in page


@pytest.mark.usefixtures("undrawn")
def test_figures_file_has_headline_rows_and_everything(made: MadeStore) -> None:
    made.stage().run(SilentRunLog())
    figures = json.loads((made.root / "out/metrics.json").read_text(encoding="utf-8"))
    rows = {row["what"]: row["value"] for row in figures["headline"]}
    assert 8 <= len(figures["headline"]) <= 12
    assert all(set(row) == {"what", "value"} and row["what"] and row["value"] for row in figures["headline"])
    assert rows["footage"] == "synthetic / 합성"
    assert rows["event F1 (±1 s)"] == "0.933 (14 of 15 crossings right)"
    assert rows["line door"] == "in 8 of 9, out 7 of 6"
    assert rows["detector mAP50"].startswith("0.942 FP32 -> 0.939 INT8 (−0.33 points")
    assert figures["evaluation"] == json.loads(evaluation().model_dump_json())
    assert figures["threshold"]["similarity"] == 0.6134
    assert figures["export"]["detector_int8_ms_batch1"] == 15.1
    assert figures["bundle"]["bytes"] > 20_800


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("absent", "announced"),
    [
        ("models/threshold", "Left out: the distributions of similarity"),
        ("models/export", "Left out: parity, sizes and times"),
        ("models/detector", "Left out: the detector's training curves"),
        ("models/reid", "Left out: the contact sheet of re-ID crops"),
        ("interim", "Left out: counts of what was read"),
        ("processed", "Left out: what sampling kept"),
        ("bundle", "Left out: the bundle and its provenance"),
    ],
)
def test_an_absent_part_is_announced(made: MadeStore, page_of: PageOf, absent: str, announced: str) -> None:
    assert announced not in page_of(made.stage())
    (made.root / absent).rename(made.root / "elsewhere")
    text = _Elements(page_of(made.stage())).text
    if absent == "interim":  # without it nobody knows that the pictures are the twin's, so they go too
        assert "Training pictures of a real store" in text
    assert announced in text
    assert "Left out" in text and "빠진 부분" in text


@pytest.mark.usefixtures("undrawn")
def test_a_bare_evaluation_gives_a_page_and_makes_nothing_up(tmp_path: Path, page_of: PageOf) -> None:
    bare = MadeStore(tmp_path)
    bare.write_evaluation(evaluation(detector=None, reid=None, clips=(), plots={}))
    text = _Elements(page_of(bare.stage(clips=()))).text
    assert "No clip was replayed, so nothing was counted." in text
    assert text.count("Left out:") >= 8
    figures = json.loads((tmp_path / "out/metrics.json").read_text(encoding="utf-8"))
    assert figures["headline"] == [{"what": "footage", "value": "synthetic / 합성"}]


def test_hostile_text_stays_text(made: MadeStore, page_of: PageOf) -> None:
    evil = "<img src=x onerror=alert(1)>\"'&$x^{2"
    door = events(1, 1, 1)
    line = LineFigures(line_id=evil, both=door, by_direction={"in": door}, optional_taken=0, mean_offset_s={"in": 0.0})
    hostile = clip(lines=(line,), total=door, id=evil, source=evil, directory="replay/other", pictures=())
    measured = evaluation(bundle_version=evil, clips=(hostile,))
    made.write_evaluation(measured)
    report = made.root / "interim/ingest_report.json"
    report.write_text(
        json.dumps({"source": evil, "problems": {evil: 3}, "reid": {"images": {evil: 1}}}), encoding="utf-8"
    )
    (made.root / "bundle").rename(made.root / "elsewhere")
    page = page_of(made.stage())
    assert "<img src=x" not in page
    assert not any("onerror" in attributes for _, attributes in _Elements(page).elements)
    assert evil in _Elements(page).text


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("witness", ["store", "ingest", "footage"])
def test_pictures_of_people_stay_out_unless_every_witness_says_twin(
    made: MadeStore, page_of: PageOf, witness: str
) -> None:
    stage = made.stage()
    assert "Contact sheet of augmented" in page_of(stage)
    if witness == "store":
        stage = made.stage(store={name: value for name, value in STORE.items() if name != "twin"})
    elif witness == "ingest":
        report = made.root / "interim/ingest_report.json"
        report.write_text(report.read_text(encoding="utf-8").replace('"twin"', '"shop-cam"'), encoding="utf-8")
    else:
        made.write_evaluation(evaluation(footage="real"))
    page = page_of(stage)
    assert "Contact sheet of augmented" not in page
    assert "Training pictures of a real store show people who can be recognised" in page


@pytest.mark.usefixtures("undrawn")
def test_asking_for_real_training_pictures_shows_the_danger(made: MadeStore, page_of: PageOf) -> None:
    made.write_evaluation(evaluation(footage="real"))
    page = page_of(made.stage(include_training_pictures=True))
    assert "Contact sheet of augmented" in page
    assert "people can be recognised. Do not pass it on." in page


@pytest.mark.usefixtures("undrawn")
def test_an_evaluation_of_another_bundle_is_said(made: MadeStore, page_of: PageOf) -> None:
    made.write_evaluation(evaluation(bundle_version="older"))
    assert "The evaluation is of bundle older" in _Elements(page_of(made.stage())).text


@pytest.mark.usefixtures("undrawn")
def test_the_evaluation_must_be_there_and_of_this_store(made: MadeStore) -> None:
    made.write_evaluation(evaluation(store_id="other"))
    with pytest.raises(DongsunError, match="that of other"):
        made.stage().run(SilentRunLog())
    (made.root / "evaluate/metrics.json").unlink()
    with pytest.raises(DongsunError, match="dongsun evaluate"):
        made.stage().run(SilentRunLog())
    assert not (made.root / "out").exists()


@pytest.mark.usefixtures("undrawn")
def test_pictures_outside_the_evaluation_are_refused(made: MadeStore) -> None:
    made.write_evaluation(evaluation(clips=(clip(pictures=("../models/reid/augment_sheet.png",)),)))
    with pytest.raises(DongsunError, match="anonymised"):
        made.stage().run(SilentRunLog())


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("broken", "content"),
    [
        ("models/export/metrics.json", "[1, 2]"),
        ("models/detector/history.csv", "epoch,loss\n1,much\n"),
        ("models/reid/metrics.json", "{"),
        ("interim/ingest_report.json", '{"problems": 3}'),
        ("processed/reid/sampling_summary.csv", "person_id,images\np,3\n"),
        ("models/threshold/threshold.json", "{}"),
    ],
)
def test_a_broken_part_is_an_error_not_a_gap(made: MadeStore, broken: str, content: str) -> None:
    (made.root / broken).write_text(content, encoding="utf-8")
    with pytest.raises(DongsunError, match=re.escape(broken)):
        made.stage().run(SilentRunLog())


@pytest.mark.usefixtures("undrawn")
def test_same_evidence_gives_the_same_page_but_for_its_time(made: MadeStore, page_of: PageOf) -> None:
    written = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
    first, second = (written.sub("", page_of(made.stage())) for _ in range(2))
    assert first == second


@pytest.mark.usefixtures("undrawn")
def test_every_picture_has_words_and_every_section_both_languages(made: MadeStore, page_of: PageOf) -> None:
    page = page_of(made.stage())
    elements = _Elements(page).elements
    assert all(attributes.get("alt") for tag, attributes in elements if tag == "img")
    anchors = [attributes["id"] for tag, attributes in elements if tag == "section"]
    assert anchors == [
        "counting", "threshold", "detector", "reid", "quantisation", "data", "augmentation", "speed", "provenance",
    ]  # fmt: skip
    leads = re.findall(r'<div class="lead">(.*?)</div>', page, re.DOTALL)
    assert len(leads) == len(anchors)
    assert all('lang="en"' in lead and 'lang="ko"' in lead for lead in leads)


@pytest.mark.usefixtures("undrawn")
def test_the_verdict_says_what_happened_and_time_for_drawing_is_no_counting(made: MadeStore, page_of: PageOf) -> None:
    text = _Elements(page_of(made.stage())).text
    assert "Of 15 true line crossings, 14 were counted" in text
    assert "1 was missed and 1 was counted that never happened" in text
    page = page_of(made.stage())
    assert "decode 2.1 ms" in page and "annotate" not in page.partition('id="speed"')[2].partition("<section")[0]


@pytest.mark.usefixtures("undrawn")
def test_a_faultless_count_is_said_plainly(made: MadeStore, page_of: PageOf) -> None:
    door = events(7, 7, 7)
    line = LineFigures(
        line_id="door", both=door, by_direction={"in": door}, optional_taken=0, mean_offset_s={"in": -0.05}
    )
    made.write_evaluation(evaluation(clips=(clip(lines=(line,), total=door),)))
    text = _Elements(page_of(made.stage(clips=()))).text
    assert "All 7 true line crossings were counted" in text
    assert "−0.05" in text


@pytest.mark.usefixtures("undrawn")
def test_figures_of_other_footage_are_never_pooled(made: MadeStore) -> None:
    other = clip(id="street", footage="real", directory="replay/street", pictures=(), total=events(100, 0, 0))
    made.write_evaluation(evaluation(clips=(clip(), other)))
    result = made.stage().run(SilentRunLog())
    assert result.metrics["event_f1"] == pytest.approx(14 / 15)
    assert result.metrics["count_error"] == pytest.approx(2 / 15)
