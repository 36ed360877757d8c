"""One compiled OpenVINO model on the CPU."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino as ov

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch, InputSpec


class OpenVinoModel:
    """A model that takes a batch of one and gives one array; the same input always gives the same bits.

    A fixed number of streams and threads and float32 for all that isn't quantised: kernels, and so the order of
    additions, never depend on load. The batch is fixed to one, so a result never depends on what else was in it.

    Several threads may call it at once: with `requests` > 1 that many run side by side on streams of one compiled
    model, and whoever comes next waits in line, so that each of many cameras gets its turn.

    Args:
        xml: The model's `.xml`, its `.bin` beside it.
        spec: The input that the bundle states; the model must agree.
        threads: CPU threads, of all streams together.
        requests: Inferences at once; one is quickest for one caller, as many as cores do most work.

    Raises:
        DongsunError: OpenVINO cannot read the model, or it wants another input.
    """

    def __init__(self, xml: Path, spec: InputSpec, threads: int, requests: int = 1) -> None:
        core = ov.Core()
        shape = [1, 3, spec.height_px, spec.width_px]
        try:
            model = core.read_model(xml)
            stated = model.input(0).get_partial_shape()
            if not stated.compatible(ov.PartialShape([-1, *shape[1:]])):
                raise _refused(xml, f"an input of {stated}", "export the bundle again")
            model.reshape(shape)
            self._compiled = core.compile_model(
                model,
                "CPU",
                {
                    "PERFORMANCE_HINT": "LATENCY" if requests == 1 else "THROUGHPUT",
                    "INFERENCE_PRECISION_HINT": "f32",
                    "INFERENCE_NUM_THREADS": threads,
                    "NUM_STREAMS": str(requests),
                    # Pinned, an inference waits for its own core while a decoder has it and another core is free.
                    "ENABLE_CPU_PINNING": requests == 1,
                },
            )
        except RuntimeError as error:
            raise _refused(xml, str(error).strip().splitlines()[-1], "export the bundle again") from error
        self._free: queue.Queue[ov.InferRequest] = queue.Queue()  # its waiters are served in the order they came
        for _ in range(requests):
            self._free.put(self._compiled.create_infer_request())
        self.output_shape: tuple[int, ...] = tuple(
            d.get_length() if d.is_static else -1 for d in self._compiled.output(0).get_partial_shape()
        )
        # OpenVINO's binding sets itself up at its first tensor, and two threads that come first wait for each other for
        # ever: one has its lock and wants Python's, the other the other way round. Here there's only one.
        self(np.zeros(shape, np.float32))

    @contextmanager
    def turn(self) -> Iterator["Turn"]:
        """Waits for a free request and holds it: write its `input`, then `infer`."""
        request = self._free.get()
        try:
            yield Turn(request)
        finally:
            self._free.put(request)

    def __call__(self, batch: Batch) -> npt.NDArray[np.float32]:
        """Runs the model on float32 (1, 3, h, w); the first output, copied."""
        with self.turn() as turn:
            turn.input[:] = batch
            return turn.infer().copy()


class Turn:
    """One inference in memory that stays the same: nothing is allocated for it.

    Attributes:
        input: float32 (1, 3, h, w), to be written.
    """

    def __init__(self, request: ov.InferRequest) -> None:
        self._request = request
        self.input: Batch = request.get_input_tensor(0).data

    def infer(self) -> npt.NDArray[np.float32]:
        """The first output, which the next turn writes over: copy what is to outlive this one."""
        self._request.start_async()
        self._request.wait()
        return np.asarray(self._request.get_output_tensor(0).data, dtype=np.float32)


def _refused(xml: Path, got: str, mend: str) -> DongsunError:
    return DongsunError(
        expected="an OpenVINO model with the input that the bundle states", got=got, where=str(xml), mend=mend
    )
