"""Which line of a YAML file says what: an error that names the line is mended at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml

from dongsun.contract.errors import DongsunError

Keys = Sequence[str | int]


@dataclass(frozen=True)
class YamlFile:
    """A file to be blamed.

    Attributes:
        where: Its path, or any other name; only an existing file has line numbers.
    """

    where: Path | str

    def place(self, keys: Keys) -> str:
        """`conf/store/x.yaml:41 (twin.shelves.2)`, or without the number where there is no such file."""
        dotted = ".".join(str(key) for key in keys)
        path = Path(self.where)
        if not path.is_file():
            return f"{self.where} ({dotted})"
        return f"{self.where}:{line_of(path.read_text(encoding='utf-8'), keys)} ({dotted})"

    def refuse(self, keys: Keys, *, expected: str, got: str, mend: str) -> NoReturn:
        """Raises a `DongsunError` that names the line of `keys`."""
        raise DongsunError(expected=expected, got=got, where=self.place(keys), mend=mend)


def line_of(text: str, keys: Keys) -> int:
    """The line, from 1, at which the value at a path of keys and list indices begins.

    A key that isn't there (because it is missing, or the path names a validator) gets the line of its nearest parent.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return 1
    line = node.start_mark.line + 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and 0 <= key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return int(line)
