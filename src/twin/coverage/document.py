"""The plan as data (`plan.json`) and as tables (`plan.md`, `plan.csv`)."""

import csv
import io
from dataclasses import asdict
from typing import Any

from dongsun.twin.coverage.assessment import Assessment
from dongsun.twin.coverage.crowding import FORMULA
from dongsun.twin.coverage.findings import Finding
from dongsun.twin.coverage.planning import CameraPlan, Option
from dongsun.twin.coverage.proposal import Wanted
from dongsun.twin.coverage.suggestion import Suggestion
from dongsun.twin.plan.twin_camera import TwinCamera

_MARKS = {"good": "✓", "look": "△", "bad": "✗"}
_COLUMNS = ("what", "name", "seen", "median_height_px", "hidden_by_furniture", "hidden_by_people", "verdict", "reason")


def document(plan: CameraPlan, wanted: Wanted, people_per_m2: float, told: tuple[Finding, ...]) -> dict[str, Any]:
    """Everything, in the types of JSON. Lengths in metres, heights of people in pixels, shares 0 to 1."""
    return {
        "wanted": {**asdict(wanted), "grid_m": plan.targets.grid_m, "people_per_m2": people_per_m2},
        "crowd_model": FORMULA,
        "floor_m2": round(float(plan.targets.walkable.area), 2),
        "present": _assessment(plan.present),
        "lines": [
            {
                "camera": line.camera_id,
                "line": line.line_id,
                "verdict": line.verdict,
                "reason": line.reason,
                "floor": asdict(line.floor) if line.floor else None,
                "sight": _rounded(asdict(line.sight)) if line.sight else None,
            }
            for line in plan.lines
        ],
        "suggested_lines": _suggestions(plan.suggestions),
        "fewest_anew": _option(plan.anew),
        "fewest_added": _option(plan.added),
        "findings": [asdict(finding) for finding in told],
    }


def rows(plan: CameraPlan) -> list[tuple[str, ...]]:
    """The table: one row for the floor and for every camera, door, zone and line; the header first."""
    now = plan.present
    table: list[tuple[str, ...]] = [_COLUMNS]
    table.append(("floor", "all cameras", _percent(now.floor_share), f"{now.median_height_px:.0f}", "", "", "", ""))
    for name, seen in now.cameras.items():
        table.append(
            (
                "camera",
                name,
                _percent(seen.floor_share),
                f"{seen.median_height_px:.0f}",
                _percent(seen.hidden_by_furniture),
                _percent(seen.hidden_by_people),
                "",
                "",
            )
        )
    for what, places in (("door", now.doors), ("zone", now.zones)):
        table += [(what, name, _percent(share), "", "", "", "", "") for name, share in places.items()]
    for line in plan.lines:
        sight, name = line.sight, f"{line.camera_id}/{line.line_id}"
        figures = (
            (_percent(sight.countable), f"{sight.height_px:.0f}", "", _percent(sight.hidden_by_people))
            if sight
            else ("0%", "", "", "")
        )
        table.append(("line", name, *figures, line.verdict, line.reason))
    for what, option in (("hung anew", plan.anew), ("added", plan.added)):
        for name in option.proposal.cameras:
            figure = option.assessment.cameras[name]
            table.append(
                (
                    what,
                    _place(name, option.proposal.cameras[name]),
                    _percent(figure.floor_share),
                    f"{figure.median_height_px:.0f}",
                    _percent(figure.hidden_by_furniture),
                    _percent(figure.hidden_by_people),
                    "",
                    "",
                )
            )
    return table


def as_csv(table: list[tuple[str, ...]]) -> str:
    """The table as comma-separated values."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()


def as_markdown(store_id: str, table: list[tuple[str, ...]], told: tuple[Finding, ...], plan: CameraPlan) -> str:
    """Findings in both languages, the table, and lines ready for the store file."""
    parts = [f"# Camera plan · 카메라 배치: {store_id}", "", "![plan](plan.png)", ""]
    for finding in told:
        parts += [f"- {_MARKS[finding.weight]} {finding.english}  ", f"  {finding.korean}"]
    parts += ["", "| " + " | ".join(k.replace("_", " ") for k in table[0]) + " |", "|" + "---|" * len(table[0])]
    parts += ["| " + " | ".join(row) + " |" for row in table[1:]]
    parts += ["", f"Hidden by people: {FORMULA}", "", "## For the store file · 매장 파일에 붙여 넣기", ""]
    for title, found in (("present cameras", plan.suggestions), ("cameras hung anew", plan.anew.suggestions)):
        parts += [f"### {title}", "", "```yaml", *_yaml(found), "```", ""]
    return "\n".join(parts)


def _yaml(found: dict[str, list[Suggestion]]) -> list[str]:
    lines = []
    for door, best in found.items():
        if not best:
            lines.append(f"# door {door}: no camera can count here")
        for suggestion in best[:1]:
            picture = ", ".join(f"{key}: {value}" for key, value in suggestion.picture.items())
            lines.append(f"# cameras.{suggestion.camera_id}.lines, {suggestion.offset_m:.1f} m inside the door")
            lines.append(f"{door}: {{{picture}, anchor: foot}}")
    return lines


def _assessment(seen: Assessment) -> dict[str, Any]:
    figures = asdict(seen)
    del figures["best_height_px"]
    rounded: dict[str, Any] = _rounded(figures)
    return rounded


def _option(option: Option) -> dict[str, Any]:
    found = option.proposal
    return {
        "cameras": {
            name: {
                "position_m": list(camera.position_m),
                "yaw_deg": camera.yaw_deg,
                "pitch_deg": camera.pitch_deg,
                "hfov_deg": camera.hfov_deg,
            }
            for name, camera in found.cameras.items()
        },
        "count": len(found.cameras),
        "least_possible": found.least_possible,
        "proven_fewest": found.proven,
        "places_tried": found.tried,
        "floor_cells_searched": found.places,
        "reachable_share": round(found.reachable, 4),
        "asked_share": round(found.asked, 4),
        "unreachable_doors": list(found.unreachable_doors),
        "sees": _assessment(option.assessment),
        "suggested_lines": _suggestions(option.suggestions),
    }


def _suggestions(found: dict[str, list[Suggestion]]) -> dict[str, list[dict[str, Any]]]:
    return {door: [_rounded(asdict(suggestion)) for suggestion in best] for door, best in found.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _place(name: str, camera: TwinCamera) -> str:
    x, y, z = camera.position_m
    return f"{name} at ({x:g}, {y:g}, {z:g}) m, yaw {camera.yaw_deg:g}°"
