"""What a cheap camera does to the light."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CameraLook:
    """What a cheap camera does to the light: this makes the gap that re-identification has to bridge.

    Attributes:
        exposure: Gain, 1 is neutral.
        gamma: Of the tone curve, above 1 lifts the shadows.
        saturation: 0 is grey, 1 neutral.
        white_balance_bgr: Gain a channel.
        blur_px: Standard deviation of the lens blur, in picture pixels.
        noise: Standard deviation of sensor noise, in grey levels.
        vignette: Loss of light in the corners, 0…1.
    """

    exposure: float = 1.0
    gamma: float = 1.0
    saturation: float = 1.0
    white_balance_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur_px: float = 0.55
    noise: float = 4.0
    vignette: float = 0.1
