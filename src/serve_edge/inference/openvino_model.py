"""One compiled OpenVINO model on the CPU."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import openvino as ov

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch, InputSpec


class OpenVinoModel:
    """A model that takes a batch of one and gives one array; the same input always gives the same bits.

    One stream, a fixed number of threads and float32 for all that isn't quantised: kernels, and so the order of
    additions, never depend on load. The batch is fixed to one, so a result never depends on what else was in it.

    Args:
        xml: The model's `.xml`, its `.bin` beside it.
        spec: The input that the bundle states; the model must agree.
        threads: CPU threads.

    Raises:
        DongsunError: OpenVINO cannot read the model, or it wants another input.
    """

    def __init__(self, xml: Path, spec: InputSpec, threads: int) -> None:
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
                    "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_PRECISION_HINT": "f32",
                    "INFERENCE_NUM_THREADS": threads,
                    "NUM_STREAMS": "1",
                },
            )
        except RuntimeError as error:
            raise _refused(xml, str(error).strip().splitlines()[-1], "export the bundle again") from error
        self._request = self._compiled.create_infer_request()
        self.output_shape: tuple[int, ...] = tuple(
            d.get_length() if d.is_static else -1 for d in self._compiled.output(0).get_partial_shape()
        )

    def __call__(self, batch: Batch) -> npt.NDArray[np.float32]:
        """Runs the model on float32 (1, 3, h, w); the first output, copied."""
        self._request.infer({0: batch})
        return np.array(self._request.get_output_tensor(0).data, dtype=np.float32)


def _refused(xml: Path, got: str, mend: str) -> DongsunError:
    return DongsunError(
        expected="an OpenVINO model with the input that the bundle states", got=got, where=str(xml), mend=mend
    )
