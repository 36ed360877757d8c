"""Label XML of AI-Hub's Korean re-identification images."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from dongsun.data.file_walk import normalised

_CLOTHES = ("upperclothes", "upperclothes_color", "lowerclothes", "lowerclothes_color")
_KOREAN_ENCODING = re.compile(rb"""^<\?xml[^>]*encoding=["'](euc-kr|cp949|ks_c_5601-1987|ms949)["']""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AihubLabel:
    """What one label says of one image.

    Attributes:
        image_stem: The image's name without suffix, NFC.
        person_id: The object's `ID`, or None when absent.
        clothes_id: The four clothes labels joined by `|`; equal outfits give equal ids. None if all are empty.
    """

    image_stem: str
    person_id: str | None
    clothes_id: str | None


def parse_aihub_label(raw: bytes) -> tuple[AihubLabel, ...]:
    """Reads one XML file: `FILE/name` with `OBJECT` inside the `FILE` or beside it.

    Raises:
        ValueError: Malformed, or without `FILE/name` or `OBJECT`.
    """
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise ValueError("document type declarations are refused (entity expansion)")
    root = _root(raw.lstrip())
    labels = tuple(_labels(root))
    if not labels:
        raise ValueError("no FILE/name with an OBJECT")
    return labels


def _root(raw: bytes) -> ET.Element:
    try:
        # expat knows no Korean encodings; Python does.
        return ET.fromstring(raw.decode("cp949") if _KOREAN_ENCODING.match(raw) else raw)
    except (ET.ParseError, UnicodeDecodeError, LookupError) as error:
        raise ValueError(str(error)) from error


def _labels(root: ET.Element) -> Iterator[AihubLabel]:
    files = [file for file in root.iter("FILE") if (file.findtext("name") or "").strip()]
    for file in files:
        objects = list(file.iter("OBJECT")) or (list(root.iter("OBJECT")) if len(files) == 1 else [])
        if not objects:
            continue
        stem = PurePath(normalised((file.findtext("name") or "").strip()).replace("\\", "/")).stem
        # Several objects in one picture: the one whose ID the picture is named after.
        chosen = next((item for item in objects if (item.get("ID") or "?").upper() in stem.upper()), objects[0])
        texts: dict[str, str] = {}
        for element in chosen.iter():
            texts.setdefault(element.tag, element.text or "")
        values = [normalised(texts.get(name, "").strip()) for name in _CLOTHES]
        yield AihubLabel(stem, (chosen.get("ID") or "").strip() or None, "|".join(values) if any(values) else None)
