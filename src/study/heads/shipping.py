"""What a network costs and finds as it would ship: OpenVINO, FP32 beside INT8."""

import openvino as ov

from dongsun.contract.embedding import Embeddings
from dongsun.contract.preprocess import FrameBgr, InputSpec, stretched
from dongsun.eval.embed_manifest import EmbedFn
from dongsun.export.embedding_parity import unit_rows
from dongsun.export.model_cost import measure_cost
from dongsun.export.reid_to_int8 import reid_int8
from dongsun.export.runners import openvino_runner
from dongsun.study.judged_people import JudgedPeople, embed_all, judge
from dongsun.study.study_data import StudyData

_TIMED_CROPS = 8


def shipping_figures(
    model: ov.Model,
    spec: InputSpec,
    data: StudyData,
    judged: tuple[JudgedPeople, ...],
    *,
    exact_bias: bool = True,
) -> dict[str, float]:
    """Parameters, GMACs, milliseconds, and INT8's figures on every set of judged people (`int8_…`).

    Args:
        model: Float32 graph, batch free.
        spec: How crops are fed.
        data: Gives the crops to calibrate with and to time on.
        judged: Who is searched for.
        exact_bias: As export quantises; False is quicker by minutes for a large network given from outside.

    Raises:
        DongsunError: There is no crop to calibrate with.
    """
    int8 = reid_int8(model, data.calibration, spec, exact_bias=exact_bias)
    cost = measure_cost(model, data.test.crops_bgr[:_TIMED_CROPS], spec, int8=int8)
    figures = {
        "parameters": float(cost.parameters),
        "gmacs": cost.gmacs,
        "threads": float(cost.threads),
        **{f"fp32_ms_batch{size}": ms for size, ms in cost.fp32_ms_per_crop.items()},
        **{f"int8_ms_batch{size}": ms for size, ms in cost.int8_ms_per_crop.items()},
    }
    embed = openvino_embed(int8, spec)
    for people in judged:
        figures |= judge(people, embed_all(embed, people.crops_bgr)).metrics(f"int8_{people.name}")
    return figures


def openvino_embed(model: ov.Model, spec: InputSpec) -> EmbedFn:
    """Embeddings by OpenVINO on the CPU; the batch is free, arithmetic otherwise in float32."""
    run = openvino_runner(ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}))

    def embed(crops_bgr: list[FrameBgr]) -> Embeddings:
        return unit_rows(run(stretched(crops_bgr, spec)))

    return embed
