"""MLflow behind the front door: one run a stage, params, curves, artefacts, provenance, and bundles as models."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dongsun.contract.bundle import MANIFEST_NAME, read_bundle
from dongsun.contract.stage import RunLog, StageResult
from dongsun.export.provenance import RUN_ID_VARIABLE, read_provenance

CANDIDATE_ALIAS = "candidate"
_MAX_PARAM_CHARACTERS = 500


@dataclass(frozen=True)
class TrackingSettings:
    """Where runs are kept.

    Attributes:
        enabled: Whether to track at all.
        uri: An MLflow tracking address; by default a SQLite file under `mlruns/`.
        artifacts: Folder that artefacts of new experiments go to.
    """

    enabled: bool
    uri: str
    artifacts: Path


class MlflowRunLog:
    """A `RunLog` over the active MLflow run."""

    def __init__(self, client: Any, run_id: str) -> None:
        self._client = client
        self._run_id = run_id

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Logs `values` at `step`; MLflow refuses some characters in names, which become underscores."""
        from mlflow.entities import Metric
        from mlflow.utils.time import get_current_time_millis

        now = get_current_time_millis()
        entities = [Metric(_metric_name(k), float(v), now, step or 0) for k, v in values.items()]
        self._client.log_batch(self._run_id, metrics=entities)

    @contextmanager
    def child(self, name: str, params: Mapping[str, Any]) -> Iterator[RunLog]:
        """A nested run, as MLflow's page folds them under their parent."""
        parent = self._client.get_run(self._run_id)
        tags = {
            "mlflow.parentRunId": self._run_id,
            **{k: v for k, v in parent.data.tags.items() if k.startswith("git.")},
        }
        run = self._client.create_run(parent.info.experiment_id, run_name=name, tags=tags)
        with _ended(self._client, run.info.run_id, params):
            yield MlflowRunLog(self._client, run.info.run_id)

    def finish(self, result: StageResult) -> None:
        """Logs the headline metrics and artefacts, and registers the bundle if there is one."""
        self.metrics(result.metrics)
        for artifact in result.artifacts:
            self._client.log_artifact(self._run_id, str(artifact))
        if result.registered_model is not None:
            self._register(result.registered_model)

    def _register(self, bundle: Path) -> None:
        from mlflow.exceptions import MlflowException

        manifest = read_bundle(bundle)
        name = f"bundle-{manifest.store_id}"
        self._client.log_artifacts(self._run_id, str(bundle), artifact_path="bundle")
        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        source = f"{self._client.get_run(self._run_id).info.artifact_uri}/bundle"
        version = self._client.create_model_version(
            name, source, self._run_id, tags={"bundle_version": manifest.version, "manifest": MANIFEST_NAME}
        )
        self._client.set_registered_model_alias(name, CANDIDATE_ALIAS, version.version)


@contextmanager
def tracked_run(
    settings: TrackingSettings, *, store_id: str, verb: str, params: Mapping[str, Any], root: Path
) -> Iterator[MlflowRunLog]:
    """Opens an MLflow run in the experiment `store_id`; an exception marks it failed, a kill leaves it running."""
    from mlflow import MlflowClient

    database = settings.uri.removeprefix("sqlite:///")
    if settings.uri.startswith("sqlite:///"):
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    client = MlflowClient(settings.uri)
    experiment = client.get_experiment_by_name(store_id)
    experiment_id = (
        experiment.experiment_id
        if experiment
        else client.create_experiment(store_id, artifact_location=(settings.artifacts / store_id).resolve().as_uri())
    )
    provenance = read_provenance(root, store_id)
    tags = {"stage": verb, "git.commit": provenance.git_commit, "git.dirty": str(provenance.git_dirty)}
    tags |= {f"dvc.{path}": digest for path, digest in provenance.dvc_hashes.items()}
    run = client.create_run(experiment_id, run_name=verb, tags=tags)
    run_id = run.info.run_id
    os.environ[RUN_ID_VARIABLE] = run_id
    try:
        with _ended(client, run_id, params):
            yield MlflowRunLog(client, run_id)
    finally:
        os.environ.pop(RUN_ID_VARIABLE, None)


@contextmanager
def _ended(client: Any, run_id: str, params: Mapping[str, Any]) -> Iterator[None]:
    status = "FAILED"
    try:
        for name, value in flatten(params).items():
            client.log_param(run_id, name, str(value)[:_MAX_PARAM_CHARACTERS])
        yield
        status = "FINISHED"
    finally:
        client.set_terminated(run_id, status)


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings → dotted names; lists of plain values stay one value. MLflow's name rules are kept."""
    flat: dict[str, Any] = {}
    for key, value in params.items():
        name = f"{prefix}{_metric_name(str(key))}"
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{name}.")
        else:
            flat[name] = value
    return flat


def _metric_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-. /" else "_" for c in name)
