"""Milliseconds a picture of a YOLO26n training step on this CPU: fp32 as usual beside channels-last bf16, in one run.

    python bench/detector_training_precision.py

Prints medians and their ratio. On a CPU without AVX-512 BF16 the second is emulated and slower.
"""

import platform
from statistics import median
from time import perf_counter

import torch
from ultralytics import YOLO
from ultralytics.utils import DEFAULT_CFG

HEIGHT_PX, WIDTH_PX, BATCH, PEOPLE, STEPS = 224, 384, 8, 5, 7


def milliseconds_a_picture(*, bf16: bool) -> float:
    """Median of `STEPS` forward and backward passes, after one to warm up."""
    torch.manual_seed(0)
    model = YOLO("yolo26n.yaml").model
    model.args = DEFAULT_CFG
    model.train()
    layout = torch.channels_last if bf16 else torch.contiguous_format
    model.to(memory_format=layout)
    batch = {
        "img": torch.rand(BATCH, 3, HEIGHT_PX, WIDTH_PX).contiguous(memory_format=layout),
        "batch_idx": torch.arange(BATCH).repeat_interleave(PEOPLE).float(),
        "cls": torch.zeros(BATCH * PEOPLE, 1),
        "bboxes": torch.rand(BATCH * PEOPLE, 4) * 0.3 + 0.3,
    }
    taken = []
    for _ in range(STEPS + 1):
        started = perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss, _ = model(batch)
        loss.sum().backward()
        taken.append(perf_counter() - started)
    return 1000 * median(taken[1:]) / BATCH


if __name__ == "__main__":
    fp32, bf16 = milliseconds_a_picture(bf16=False), milliseconds_a_picture(bf16=True)
    print(f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"AVX-512 BF16: {torch.cpu._is_avx512_bf16_supported()}")
    print(f"fp32 {fp32:.0f} ms, channels-last bf16 {bf16:.0f} ms a picture: {fp32 / bf16:.1f} times faster")
