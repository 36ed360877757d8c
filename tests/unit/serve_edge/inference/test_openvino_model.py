"""One compiled model, and the many threads of a station that call it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as op

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec, letterboxed
from dongsun.serve_edge.inference.openvino_model import OpenVinoModel

SPEC = InputSpec(height_px=8, width_px=6, channels="bgr", resize="stretch", scale=1.0)
ALL_AT_ONCE = """
import sys, threading
from pathlib import Path
import numpy as np
from dongsun.contract.preprocess import InputSpec
from dongsun.serve_edge.inference.openvino_model import OpenVinoModel

sys.setswitchinterval(1e-6)
spec = InputSpec(height_px=8, width_px=6, channels="bgr", resize="stretch", scale=1.0)
model = OpenVinoModel(Path(sys.argv[1]), spec, threads=2, requests=2)
start = threading.Barrier(8)
right = []

def call(value):
    batch = np.full((1, 3, 8, 6), value, np.float32)
    start.wait()
    right.extend((model(batch) == 2 * value).all() for _ in range(20))

threads = [threading.Thread(target=call, args=(k,), daemon=True) for k in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(right))
"""


@pytest.fixture(scope="module")
def doubling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "doubling.xml"
    parameter = op.parameter([1, 3, 8, 6], np.float32)
    ov.save_model(ov.Model([op.multiply(parameter, np.float32(2))], [parameter]), path, compress_to_fp16=False)
    return path


def test_the_same_bits_every_time(doubling: Path) -> None:
    model = OpenVinoModel(doubling, SPEC, threads=1)
    batch = np.random.default_rng(0).normal(size=(1, 3, 8, 6)).astype(np.float32)
    assert model.output_shape == (1, 3, 8, 6)
    assert all((model(batch) == 2 * batch).all() for _ in range(5))


def test_threads_that_all_come_first_neither_wait_for_ever_nor_get_each_others_answers(doubling: Path) -> None:
    # A station froze so, once in some five starts: its first two cameras set OpenVINO's binding up at the same time.
    command = [sys.executable, "-c", ALL_AT_ONCE, str(doubling)]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == "160\n"


def test_another_input_than_stated_is_refused(doubling: Path) -> None:
    with pytest.raises(DongsunError):
        OpenVinoModel(doubling, SPEC.model_copy(update={"height_px": 9}), threads=1)


def test_a_turn_is_written_and_read_in_place(doubling: Path) -> None:
    model = OpenVinoModel(doubling, SPEC, threads=1)
    picture = np.random.default_rng(1).integers(0, 255, (16, 8, 3), np.uint8)
    spec = SPEC.model_copy(update={"resize": "letterbox"})
    with model.turn() as turn:
        _, fit = letterboxed(picture, spec, turn.input)
        seen = turn.infer().copy()
    expected, same_fit = letterboxed(picture, spec)
    assert fit == same_fit and (seen == 2 * expected).all()


def test_a_turn_that_fails_frees_its_request(doubling: Path) -> None:
    model = OpenVinoModel(doubling, SPEC, threads=1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broadcast"):
            model(np.zeros((1, 3, 9, 6), np.float32))
    assert (model(np.ones((1, 3, 8, 6), np.float32)) == 2).all()
