"""How one camera is read."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class FeedSettings(BaseModel):
    """One camera's feed; all times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    camera_id: str
    address: SecretStr = Field(description="rtsp://…, a video file, or a folder of pictures; may hold a password")
    analysis_fps: float = Field(default=5.0, gt=0, le=60, description="pictures a second handed on to the detector")
    open_timeout_s: float = Field(default=10.0, gt=0)
    read_timeout_s: float = Field(default=5.0, gt=0, description="no packet for so long ends the connection")
    stall_s: float = Field(default=3.0, gt=0, description="no picture for so long is a gap in what was seen")
    frozen_s: float = Field(default=30.0, gt=0, description="a picture that stands so long shows nothing")
    backoff_first_s: float = Field(default=1.0, gt=0)
    backoff_most_s: float = Field(default=60.0, gt=0)
    buffer_frames: int = Field(default=2, ge=1, le=64, description="pictures waiting for analysis; the oldest go first")
    loop: bool = Field(default=False, description="play a file or folder again and again")
