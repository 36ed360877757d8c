"""Work over millions of files in shards: in parallel, and never twice when a run is killed."""

import json
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any

from dongsun.contract.durable import write_text
from dongsun.contract.errors import DongsunError

FILES_PER_SHARD = 4_096
_UNDER_WAY_PER_WORKER = 3


@dataclass(frozen=True)
class FileStamp:
    """A file's name relative to the root, and what tells that it changed."""

    name: str
    bytes: int
    modified_ns: int


Work = Callable[[Path, Sequence[FileStamp]], Any]
"""(root, files) → something that JSON holds. A module's own function, without side effects."""


@dataclass(frozen=True)
class ShardSettings:
    """How shards are worked on.

    Attributes:
        root: What names are relative to.
        folder: Where finished shards lie until the whole is finished; made when the first is.
        work: Looks at the files of one shard.
        key: Everything besides the files that the result depends on (settings, version of the format).
        workers: Processes; the result does not depend on their number.
    """

    root: Path
    folder: Path
    work: Work
    key: str
    workers: int


@dataclass(frozen=True)
class Shard:
    """One finished shard.

    Attributes:
        files: How many it covers.
        content: What `work` returned, perhaps as JSON gives it back.
        reused: A killed run had finished it.
    """

    files: int
    content: Any
    reused: bool


def work_in_shards(names: Iterable[str], settings: ShardSettings) -> Iterator[Shard]:
    """Yields the shards in the order of `names`; memory holds a few of them per worker.

    Nothing is written when a single shard holds everything.

    A shard is named after its files' names, sizes and times and after `settings.key`: one that lies finished in
    `settings.folder` is read instead of worked on, and one whose files changed is not recognised.

    Raises:
        DongsunError: A worker died.
    """
    remaining = iter(names)
    first, second = _next_shard(remaining), _next_shard(remaining)
    if not second:  # not worth a process or a file
        yield Shard(len(first), settings.work(settings.root, _stamps(first, settings)), reused=False)
        return
    shards = chain((first, second), iter(lambda: _next_shard(remaining), ()))
    if settings.workers == 1:
        yield from (_read(*_ensure(shard, settings)) for shard in shards)
    else:
        yield from _in_processes(shards, settings)


def _in_processes(shards: Iterable[tuple[str, ...]], settings: ShardSettings) -> Iterator[Shard]:
    under_way: deque[Future[tuple[Path, int, bool]]] = deque()
    # Spawned, not forked: the caller has threads, and a worker should weigh what its own work weighs.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(settings.workers, mp_context=context, initializer=_die_with_parent) as pool:
        try:
            for shard in shards:
                under_way.append(pool.submit(_ensure, shard, settings))
                if len(under_way) >= _UNDER_WAY_PER_WORKER * settings.workers:
                    yield _read(*under_way.popleft().result())
            while under_way:
                yield _read(*under_way.popleft().result())
        except BrokenProcessPool as error:
            raise DongsunError(
                expected="worker processes that live until their work is done",
                got=str(error),
                where=f"reading files below {settings.root}",
                mend="run it again, which goes on here; with fewer workers (dataset.workers=1) if memory was short",
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _next_shard(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(islice(names, FILES_PER_SHARD))


def _ensure(names: tuple[str, ...], settings: ShardSettings) -> tuple[Path, int, bool]:
    """In a worker: makes the shard's file unless it is there."""
    stamps = _stamps(names, settings)
    digest = blake2b(f"{settings.key}\0{settings.root}\0".encode(), digest_size=16)
    for stamp in stamps:
        digest.update(f"{stamp.name}\0{stamp.bytes}\0{stamp.modified_ns}\0".encode())
    path = settings.folder / f"{digest.hexdigest()}.json"
    reused = path.is_file()
    if not reused:
        content = settings.work(settings.root, stamps)
        write_text(path, json.dumps(content, ensure_ascii=False, separators=(",", ":")))
    return path, len(names), reused


def _stamps(names: tuple[str, ...], settings: ShardSettings) -> list[FileStamp]:
    return [_stamp(settings.root, name) for name in names]


def _stamp(root: Path, name: str) -> FileStamp:
    try:
        found = os.stat(f"{root}{os.sep}{name}")  # noqa: PTH116 - no Path for each of millions
    except OSError:
        return FileStamp(name, -1, 0)  # a dangling link, or gone meanwhile: the work will say
    return FileStamp(name, found.st_size, found.st_mtime_ns)


def _read(path: Path, files: int, reused: bool) -> Shard:
    return Shard(files, json.loads(path.read_bytes()), reused)


def _die_with_parent() -> None:
    """A killed parent cannot tell its workers; they would wait for work for ever."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
