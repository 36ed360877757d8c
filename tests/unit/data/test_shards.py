from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data import shards as module
from dongsun.data.readers.aihub_scan import scan_work
from dongsun.data.shards import FileStamp, ShardSettings, work_in_shards

NAMES = [f"f{index:02d}" for index in range(10)]


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch):
    monkeypatch.setattr(module, "FILES_PER_SHARD", 3)


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(name)
    return folder


def settings(root: Path, looked_at: list[str], key: str = "k", workers: int = 1) -> ShardSettings:
    def work(_root: Path, files: Sequence[FileStamp]) -> list[list[object]]:
        looked_at.extend(file.name for file in files)
        return [[file.name, file.bytes] for file in files]

    return ShardSettings(root, root.parent / "progress", work, key, workers)


def test_everything_is_looked_at_once_in_order(root):
    looked_at: list[str] = []
    found = list(work_in_shards(NAMES, settings(root, looked_at)))
    assert looked_at == NAMES
    assert [shard.files for shard in found] == [3, 3, 3, 1]
    assert [row for shard in found for row in shard.content] == [[name, 3] for name in NAMES]
    assert not any(shard.reused for shard in found)


def test_what_is_finished_is_not_done_again(root):
    first = work_in_shards(NAMES, settings(root, []))
    kept = [next(first).content, next(first).content]
    first.close()
    looked_at: list[str] = []
    found = list(work_in_shards(NAMES, settings(root, looked_at)))
    assert looked_at == NAMES[6:]
    assert [shard.reused for shard in found] == [True, True, False, False]
    assert [shard.content for shard in found[:2]] == kept


@pytest.mark.parametrize("change", ["a file grew", "a file is new", "another key"])
def test_what_changed_is_looked_at_again(root, change):
    list(work_in_shards(NAMES, settings(root, [])))
    names, key, looked_at = list(NAMES), "k", []
    if change == "a file grew":
        (root / "f01").write_text("more than before")
    elif change == "a file is new":
        (root / "f001").write_text("x")
        names.insert(1, "f001")
    else:
        key = "other"
    list(work_in_shards(names, settings(root, looked_at, key)))
    assert looked_at == (NAMES[:3] if change == "a file grew" else names)


def test_a_single_shard_leaves_nothing_behind(root):
    (shard,) = work_in_shards(NAMES[:3], settings(root, []))
    assert [row[0] for row in shard.content] == NAMES[:3]
    assert [found.files for found in work_in_shards([], settings(root, []))] == [0]
    assert not (root.parent / "progress").exists()


def test_a_file_that_is_gone_is_the_works_business(root):
    (root / "f01").unlink()
    found = list(work_in_shards(NAMES, settings(root, [])))
    assert found[0].content[1] == ["f01", -1]


def test_processes_give_the_same_shards_in_the_same_order(root):
    def read(workers: int) -> list[object]:
        folder = root.parent / f"progress{workers}"
        chosen = ShardSettings(root, folder, scan_work("off"), "k", workers)
        return [shard.content for shard in work_in_shards(NAMES, chosen)]

    assert read(1) == read(2)
    names = [{path.name for path in (root.parent / f"progress{workers}").iterdir()} for workers in (1, 2)]
    assert names[0] == names[1] and len(names[0]) == 4


def test_a_dead_worker_is_an_error_to_mend(root, monkeypatch):
    class Dying:
        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> "Dying":
            return self

        def __exit__(self, *_: object) -> None: ...
        def shutdown(self, **_: object) -> None: ...
        def submit(self, *_: object) -> None:
            raise BrokenProcessPool("a child process terminated abruptly")

    monkeypatch.setattr(module, "ProcessPoolExecutor", Dying)
    with pytest.raises(DongsunError, match=r"dataset\.workers=1"):
        list(work_in_shards(NAMES, settings(root, [], workers=2)))
