"""Where a secret comes from: the environment or a file, never a log."""

import os
import stat
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from dongsun.contract.errors import DongsunError


class SecretSource(BaseModel):
    """Exactly one of the three. `value` is for what is no secret (a file, a camera without a password)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: SecretStr | None = Field(default=None, description="the text itself; only for what is no secret")
    env: str | None = Field(default=None, min_length=1, description="name of an environment variable")
    file: Path | None = Field(default=None, description="a file with the secret alone, readable by the station only")

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretSource":
        if sum(source is not None for source in (self.value, self.env, self.file)) != 1:
            raise ValueError("give exactly one of `value`, `env` and `file`")
        return self

    def read(self, where: str) -> SecretStr:
        """The secret.

        Args:
            where: The setting that names it, for errors.

        Raises:
            DongsunError: The variable isn't set, or the file is absent, empty, unreadable or open to others.
        """
        if self.value is not None:
            return self.value
        if self.env is not None:
            text = os.environ.get(self.env, "")
            if not text:
                raise _absent(
                    f"the environment variable {self.env}", "unset or empty", where, "set it in the unit file"
                )
            return SecretStr(text)
        assert self.file is not None
        return _read_file(self.file, where)


def _read_file(path: Path, where: str) -> SecretStr:
    if not path.is_file():
        raise _absent(f"the secret in {path}", "no such file", where, "create it with mode 600")
    if _is_open(path.stat()):
        mode = stat.S_IMODE(path.stat().st_mode)
        raise _absent(f"{path} readable by the station alone", f"mode {mode:o}", where, f"chmod 600 {path}")
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't text"
        raise _absent(
            f"the secret in {path}", str(reason), where, "let the station's user read it, as one line of UTF-8"
        ) from None
    if not secret:
        raise _absent(f"the secret in {path}", "an empty file", where, "write the secret into it")
    return SecretStr(secret)


def _is_open(status: os.stat_result) -> bool:
    """Others may read it. A group may, if it is root who shares the file with it: so systemd hands out credentials."""
    forbidden = 0o037 if status.st_uid == 0 else 0o077
    return bool(status.st_mode & forbidden)


def _absent(expected: str, got: str, where: str, mend: str) -> DongsunError:
    return DongsunError(expected=expected, got=got, where=where, mend=mend)
