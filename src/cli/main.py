"""`dongsun <stage> [overrides]`: each stage is a Hydra app whose root is `conf/<stage>.yaml`."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from dongsun.cli.quiet import silence_libraries
from dongsun.contract.errors import DongsunError

STAGES = {
    "twin-render": "film the synthetic store: video and exact truth",
    "twin-truth": "the truth alone, without filming",
    "twin-fast": "tracks and boxes with modelled detector noise, no pixels",
    "twin-stream": "one camera of the synthetic store, live, to an address",
    "twin-view": "an HTML page to look at a filmed store: plan, pictures, boxes, a time slider",
    "twin-plan": "camera planning: what is seen, the fewest cameras, lines that count and lines that can't",
    "twin-generate": "random plausible stores, from seeds",
    "ingest": "read a data set into manifests (AI-Hub, Market-1501, video + MOT truth, YOLO folders)",
    "sample": "systematic sampling (계통추출) of what to train on",
    "train-detector": "fine-tune the person detector",
    "train-reid": "train the re-ID head on the detector's decomposed backbone",
    "tune": "find the similarity threshold at a target rate of false matches; --check BUNDLE: does it still hold?",
    "export": "quantise, check parity, write the edge bundle",
    "evaluate": "replay the test part through the bundle and measure",
    "evaluate-twin": "the counting bench: a bundle on synthetic stores and seeds",
    "study-heads": "linear, pooling and attention heads at each cut, beside OSNet and given nets: one table",
    "study-sampling": "full, systematic and random sampling: what each costs and gives",
    "report": "one self-contained HTML page of it all",
}
"""Verb → what it does. A verb may be typed in two words: `dongsun twin render`."""
UNTRACKED = ("twin-stream", "twin-view", "twin-plan", "twin-generate")
"""These make something to look at, not a result."""
_TWO_WORDS = ("twin", "study", "evaluate-twin")


def main() -> None:
    """The console script `dongsun`."""
    silence_libraries()
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return
    try:
        verb, rest = verb_of(arguments)
        rest = with_check(verb, rest)
        _compose_and_run(verb, store_overrides(verb, rest))
    except DongsunError as error:
        _fail(error)


def verb_of(arguments: list[str]) -> tuple[str, list[str]]:
    """The verb, and what follows it.

    Raises:
        DongsunError: There is no such verb.
    """
    for words in (2, 1):
        verb = "-".join(arguments[:words])
        if verb in STAGES:
            return verb, arguments[words:]
    raise DongsunError(
        expected=f"a stage: {', '.join(_typed(verb) for verb in STAGES)}",
        got=repr(" ".join(arguments[:2]) if arguments[0] in _TWO_WORDS else arguments[0]),
        where="command line",
        mend="`dongsun --help` says what each does",
    )


def with_check(verb: str, arguments: list[str]) -> list[str]:
    """`tune … --check BUNDLE` as Hydra's override.

    Raises:
        DongsunError: No bundle follows.
    """
    if verb != "tune" or "--check" not in arguments:
        return arguments
    at = arguments.index("--check")
    if at + 1 == len(arguments):
        raise DongsunError(
            expected="the folder of a bundle after --check",
            got="nothing",
            where="command line",
            mend="dongsun tune --check bundles/<store>",
        )
    return [*arguments[:at], *arguments[at + 2 :], f"check={arguments[at + 1]}"]


def store_overrides(verb: str, arguments: list[str]) -> list[str]:
    """Overrides for Hydra, in which a first bare word is the store: its id, or (for the twin) the path of its file.

    Raises:
        DongsunError: The file is no store file, or the verb needs a store of `conf/`.
    """
    if not arguments or "=" in arguments[0] or arguments[0].startswith("-"):
        return arguments
    named, rest = arguments[0], arguments[1:]
    if not named.endswith((".yaml", ".yml")):
        known = sorted(file.stem for file in (config_directory() / "store").glob("*.yaml"))
        if named not in known:
            raise DongsunError(
                expected=f"a store of conf/store/: {', '.join(known)}",
                got=repr(named),
                where="command line",
                mend="name one of them, or write conf/store/<id>.yaml",
            )
        return [f"store={named}", *rest]
    if not verb.startswith("twin-"):
        raise DongsunError(
            expected="the id of a store of conf/store/",
            got=named,
            where="command line",
            mend="put the file into conf/store/ and give its id; only `dongsun twin …` takes any path",
        )
    from dongsun.contract.store import load_store

    return [f"store.id={load_store(Path(named)).id}", f"store_file={named}", *rest]


def config_directory() -> Path:
    """The folder `conf/` of the project the command was started in (or of DONGSUN_HOME).

    Raises:
        DongsunError: There is none.
    """
    root = Path(os.environ.get("DONGSUN_HOME", "."))
    if not (root / "conf" / "base.yaml").is_file():
        raise DongsunError(
            expected="a Dongsun project with conf/base.yaml",
            got="none",
            where=str(root.resolve()),
            mend="run it from the project's folder, or set DONGSUN_HOME to that folder",
        )
    return (root / "conf").resolve()


def run_composed(config: Any, verb: str) -> None:
    """Runs the stage of a composed config, tracked."""
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    from dongsun.cli.tracking import TrackingSettings, tracked_run
    from dongsun.contract.stage import SilentRunLog

    stage = instantiate(config.stage, _convert_="all")
    tracking = TrackingSettings(
        enabled=bool(config.tracking.enabled), uri=config.tracking.uri, artifacts=Path(config.tracking.artifacts)
    )
    if not tracking.enabled or verb in UNTRACKED:
        print(stage.run(SilentRunLog()).summary)
        return
    params = OmegaConf.to_container(config.stage, resolve=True)
    assert isinstance(params, dict)
    params.pop("store", None)  # the store file itself is an input, not a parameter
    with tracked_run(
        tracking,
        store_id=config.store.id,
        verb=verb,
        params=params | {"seed": config.seed},
        root=Path(config.paths.root),
    ) as log:
        result = stage.run(log)
        log.finish(result)
    print(result.summary)


def _compose_and_run(verb: str, overrides: list[str]) -> None:
    import hydra

    sys.argv = [f"dongsun {_typed(verb)}", *overrides]

    # hydra ships no types
    @hydra.main(  # type: ignore[untyped-decorator]
        version_base="1.3", config_path=str(config_directory()), config_name=verb.replace("-", "_")
    )
    def run(config: Any) -> None:
        _run_or_exit(config, verb)

    run()


def _run_or_exit(config: Any, verb: str) -> None:
    from hydra.errors import InstantiationException
    from pydantic import ValidationError

    try:
        run_composed(config, verb)
    except DongsunError as error:
        _fail(error)
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, DongsunError):
            _fail(cause)
        if isinstance(cause, ValidationError):
            problems = "; ".join(f"{'.'.join(str(k) for k in e['loc'])}: {e['msg']}" for e in cause.errors())
            _fail(
                DongsunError(
                    expected=f"settings that `dongsun {verb}` understands",
                    got=problems,
                    where=f"conf/{verb.replace('-', '_')}.yaml and its groups, or your overrides",
                    mend=f"`dongsun {verb} --cfg job` shows what was composed",
                )
            )
        raise


def _typed(verb: str) -> str:
    """As people type it."""
    return verb.replace("-", " ") if verb.startswith(_TWO_WORDS) else verb


def _fail(error: DongsunError) -> NoReturn:
    print(f"dongsun: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


def _usage() -> str:
    verbs = "\n".join(f"  {_typed(name):<15} {what}" for name, what in STAGES.items())
    return (
        f"usage: dongsun <stage> [STORE] [key=value ...]\n\nStages, in their order:\n{verbs}\n\n"
        "Each stage is a Hydra app:\n"
        "  dongsun train-reid reid/head=linear seed=3 store=pets2009   choose a group, set a value, name a store\n"
        "  dongsun twin plan corner-shop                               a store by its id, or by the path of its file\n"
        "  dongsun train-reid --cfg job                                show the composed settings and stop\n"
        "  dongsun train-reid -m reid/head=linear,pooling,attention    one run for each\n"
        "Stores are conf/store/*.yaml. `dvc repro report@demo` redoes just what changed. A station uses `dongsun-edge`."
    )


if __name__ == "__main__":
    main()
