"""What the page is made of, free of HTML: the template alone knows tags."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal


@dataclass(frozen=True)
class Bilingual:
    """The same words in English and Korean."""

    en: str
    ko: str


@dataclass(frozen=True)
class Card:
    """One key number.

    Attributes:
        label: What it is.
        value: As shown, with its unit.
        detail: One short line below it: the interval, the other precision, the denominator.
        delta: Change against what `delta_of` names, as shown; empty where there is nothing to compare with.
        good: Whether the change is harmless; None leaves it uncoloured.
    """

    label: Bilingual
    value: str
    detail: str = ""
    delta: str = ""
    good: bool | None = None


@dataclass(frozen=True)
class Table:
    """Rows of cells that are already text.

    Attributes:
        caption: What they are.
        columns: Their heads.
        rows: As many cells each as there are columns; the first one names the row.
        numeric: Columns (0-based) that are set to the right.
        wide: It takes the whole width.
    """

    kind: ClassVar[str] = "table"
    caption: Bilingual
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    wide: bool = True

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells under {len(self.columns)} columns: {row}")


@dataclass(frozen=True)
class Picture:
    """A picture inside the page.

    Attributes:
        data_uri: `data:image/…;base64,…`.
        alt: What it shows, for those who can't see it.
        caption: How to read it.
        dark_data_uri: The same for a dark page; empty where one serves both.
        wide: It takes the whole width.
    """

    kind: ClassVar[str] = "picture"
    data_uri: str
    alt: str
    caption: Bilingual
    dark_data_uri: str = ""
    wide: bool = True


@dataclass(frozen=True)
class Strip:
    """Small pictures side by side under one caption; `labels` are the line below each."""

    kind: ClassVar[str] = "strip"
    caption: Bilingual
    pictures: tuple[str, ...] = field(repr=False)
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """A remark; `tone` says how loud."""

    kind: ClassVar[str] = "note"
    text: Bilingual
    tone: Literal["plain", "missing", "warning"] = "plain"


@dataclass(frozen=True)
class Facts:
    """Names with values, in two columns."""

    kind: ClassVar[str] = "facts"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Commands:
    """Lines to type into a shell."""

    kind: ClassVar[str] = "commands"
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Fold:
    """Tables, or text as it was written, that most readers don't need, folded away under a line."""

    kind: ClassVar[str] = "fold"
    summary: Bilingual
    tables: tuple[Table, ...] = ()
    text: str = ""


Block = Table | Picture | Strip | Note | Facts | Commands | Fold


@dataclass(frozen=True)
class Section:
    """One part of the page; `lead` says in a sentence what it shows and how to read it."""

    anchor: str
    title: Bilingual
    lead: Bilingual
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Row:
    """One line of the table at the terminal."""

    what: str
    value: str


@dataclass(frozen=True)
class Page:
    """Everything the template sets.

    Attributes:
        store_id: Of the store.
        synthetic: Whether the figures come from the synthetic twin.
        facts: Short facts for the band at the top.
        verdict: One sentence with the result.
        hero: The picture beside them, if there is one.
        cards: Key numbers.
        sections: In reading order.
        warnings: Shown above everything.
    """

    store_id: str
    synthetic: bool
    facts: tuple[tuple[str, str], ...]
    verdict: Bilingual
    hero: Picture | None
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    warnings: tuple[Note, ...] = ()
