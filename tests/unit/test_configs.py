"""Every config composes, and what it composes can be built."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from hydra.utils import instantiate

from dongsun.cli.main import STAGES
from dongsun.contract.errors import DongsunError

CONF = Path(__file__).parents[2] / "conf"
STORES = sorted(p.stem for p in (CONF / "store").glob("*.yaml"))
GROUPS = [
    "sampling",
    "augment/detector",
    "augment/reid",
    "detector",
    "reid",
    "reid/head",
    "reid/loss",
    "reid/teacher",
    "trainer",
    "threshold",
    "export",
    "dataset",
]
OPTIONS = [(group, path.stem) for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]


@pytest.fixture(autouse=True)
def _somewhere_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DONGSUN_ASSETS", "assets")


def build(verb: str, *overrides: str) -> object:
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        return instantiate(compose(verb.replace("-", "_"), overrides=list(overrides)).stage, _convert_="all")


@pytest.mark.parametrize("verb", STAGES)
@pytest.mark.parametrize("store", STORES)
def test_every_stage_of_every_store(verb: str, store: str) -> None:
    stage = build(verb, f"store={store}")
    assert callable(stage.run)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_of_every_group(group: str, option: str) -> None:
    for verb in ("ingest", "sample", "train-detector", "train-reid", "tune", "export"):
        try:
            build(verb, f"{group}={option}")
        except InstantiationException as error:
            # A reader that looks at its folder at once: understood, and the folder is what is missing here.
            assert group == "dataset" and isinstance(error.__cause__, DongsunError), error


def test_every_config_is_reached() -> None:
    reached = {"base", *(verb.replace("-", "_") for verb in STAGES)}
    assert {p.stem for p in CONF.glob("*.yaml")} == reached
    assert {str(p.parent.relative_to(CONF)) for p in CONF.glob("*/**/*.yaml")} <= {
        *GROUPS, "store", "experiment", "debug", "local",
    }  # fmt: skip


def test_the_documented_example() -> None:
    linear = build("train-reid", "reid/head=linear", "seed=3", "store=pets2009")
    attention = build("train-reid", "seed=3", "store=pets2009")
    assert linear != attention
