"""Where a secret comes from: the environment or a file, never a log."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from dongsun.contract.errors import DongsunError


class SecretSource(BaseModel):
    """Exactly one of the three. `value` is for what is no secret (a file, a camera without a password)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: SecretStr | None = None
    env: str | None = Field(default=None, description="name of an environment variable")
    file: Path | None = Field(default=None, description="a file with the secret alone, readable by the station only")

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecretSource":
        if sum(source is not None for source in (self.value, self.env, self.file)) != 1:
            raise ValueError("give exactly one of `value`, `env` and `file`")
        return self

    def read(self, where: str) -> SecretStr:
        """The secret.

        Raises:
            DongsunError: The variable isn't set, or the file is absent, empty or open to everybody.
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
        if not self.file.is_file():
            raise _absent(f"the secret in {self.file}", "no such file", where, "create it with mode 600")
        if self.file.stat().st_mode & 0o077:
            raise _absent(
                f"{self.file} readable by the station alone",
                f"mode {self.file.stat().st_mode & 0o777:o}",
                where,
                f"chmod 600 {self.file}",
            )
        secret = self.file.read_text(encoding="utf-8").strip()
        if not secret:
            raise _absent(f"the secret in {self.file}", "an empty file", where, "write the secret into it")
        return SecretStr(secret)


def _absent(expected: str, got: str, where: str, mend: str) -> DongsunError:
    return DongsunError(expected=expected, got=got, where=where, mend=mend)
