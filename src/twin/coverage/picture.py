"""The plan as a picture: what is seen now, and what the fewest cameras hung anew would see."""

import io
import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Polygon as Patch
from matplotlib.patches import Rectangle, Wedge

from dongsun.twin.coverage.assessment import Assessment
from dongsun.twin.coverage.planning import CameraPlan
from dongsun.twin.coverage.suggestion import Suggestion
from dongsun.twin.crowd.floor import outward
from dongsun.twin.plan.layout import Counter
from dongsun.twin.plan.twin_camera import TwinCamera
from dongsun.twin.plan.twin_plan import TwinPlan

_HEAT = LinearSegmentedColormap.from_list("seen", ["#f3d9b1", "#8cc7b5", "#2c7f92", "#173f5f"])
_INK, _UNSEEN, _WOOD, _TILL = "#23282e", "#eceef0", "#8a7f74", "#b0895c"
_VERDICT = {"good": "#1a9850", "partly": "#e08214", "never": "#d73027"}
_WEDGE_M, _MARGIN_M, _PANEL_IN = 2.2, 1.1, 5.85


def picture(store_id: str, shop: TwinPlan, plan: CameraPlan, least_height_px: float) -> bytes:
    """Draws both plans side by side, as PNG."""
    x0, y0, x1, y1 = shop.bounds_m
    panel_in = min(11.0, max(3.0, _PANEL_IN * (y1 - y0 + 2 * _MARGIN_M) / (x1 - x0 + 2 * _MARGIN_M)))
    height_in = panel_in + 2.3
    figure = Figure(figsize=(14.0, height_in), facecolor="white")
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.04, right=0.9, top=1 - 1.15 / height_in, bottom=1.15 / height_in, wspace=0.06)
    left, right = figure.subplots(1, 2)
    tallest = max(2 * least_height_px, *(float(a.best_height_px.max()) for a in (plan.present, plan.anew.assessment)))
    norm = Normalize(least_height_px, min(tallest, 4 * least_height_px))
    figure.suptitle(
        f"Camera plan: {store_id}",
        x=0.04,
        y=1 - 0.3 / height_in,
        ha="left",
        va="top",
        fontsize=17,
        fontweight="bold",
        color=_INK,
    )
    now, anew = plan.present, plan.anew.assessment
    _draw_seen(left, shop, plan, now, norm)
    _draw_seen(right, shop, plan, anew, norm)
    for axes in (left, right):
        _draw_shop(axes, shop)
    _draw_cameras(left, shop, shop.cameras, _INK)
    _draw_cameras(right, shop, plan.anew.proposal.cameras, "#7b3294")
    for line in plan.lines:
        if line.floor:
            share = f" {line.sight.countable:.0%}" if line.sight and line.verdict == "partly" else ""
            _draw_line(left, line.floor.start, line.floor.end, _VERDICT[line.verdict], f"{line.line_id}{share}")
    _draw_suggestions(left, plan.suggestions)
    _draw_suggestions(right, plan.anew.suggestions)
    proof = "proven fewest" if plan.anew.proposal.proven else f"at least {plan.anew.proposal.least_possible} needed"
    _title(left, f"Now: {len(shop.cameras)} cameras see {now.floor_share:.0%} of the floor")
    _title(right, f"Hung anew: {len(plan.anew.proposal.cameras)} cameras ({proof}) see {anew.floor_share:.0%}")
    bar = figure.colorbar(ScalarMappable(norm, _HEAT), cax=figure.add_axes((0.92, 0.25, 0.014, 0.5)), extend="max")
    bar.set_label("height of a standing person in the best camera, px", color=_INK)
    bar.outline.set_visible(False)
    _legend(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


def _draw_seen(axes: Axes, shop: TwinPlan, plan: CameraPlan, seen: Assessment, norm: Normalize) -> None:
    side, cells = plan.targets.grid_m, plan.targets.floor_m
    low = cells.min(axis=0)
    index = np.round((cells - low) / side).astype(int)
    grid = np.full(tuple(index.max(axis=0) + 1)[::-1], np.nan)
    grid[index[:, 1], index[:, 0]] = np.where(seen.best_height_px > 0, seen.best_height_px, -1.0)
    high = low + side * np.array(grid.shape[::-1])
    extent = (low[0] - side / 2, high[0] - side / 2, low[1] - side / 2, high[1] - side / 2)
    heat = _HEAT.with_extremes(under=_UNSEEN, bad=(1, 1, 1, 0))
    drawn = axes.imshow(
        _spread(grid), origin="lower", extent=extent, cmap=heat, norm=norm, interpolation="nearest", zorder=1
    )
    drawn.set_clip_path(Patch(np.array(shop.floor), closed=True, transform=axes.transData))


def _spread(grid: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Lets cells run on under the edges of furniture and walls, which are drawn over them."""
    for step, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        beside = np.roll(grid, step, axis)
        np.moveaxis(beside, axis, 0)[0 if step > 0 else -1] = np.nan
        grid = np.where(np.isnan(grid), beside, grid)
    return grid


def _draw_shop(axes: Axes, shop: TwinPlan) -> None:
    axes.add_patch(Patch(np.array(shop.floor), closed=True, fill=False, edgecolor=_INK, linewidth=2.6, zorder=4))
    for wall in shop.walls:
        axes.plot(*zip(wall.start, wall.end, strict=True), color=_INK, linewidth=2.6, zorder=4)
    for item in shop.furniture:
        corner, size = (item.x0_m, item.y0_m), (item.x1_m - item.x0_m, item.y1_m - item.y0_m)
        colour = _TILL if isinstance(item, Counter) else _WOOD
        axes.add_patch(Rectangle(corner, *size, facecolor=colour, edgecolor="white", linewidth=0.6, zorder=3))
    for name, door in shop.doors.items():
        ends = list(zip(door.start, door.end, strict=True))
        axes.plot(*ends, color="white", linewidth=5, zorder=5, solid_capstyle="butt")
        axes.plot(*ends, color="#4393c3", linewidth=2.2, zorder=6, linestyle=(0, (2, 1)))
        middle = np.mean([door.start, door.end], axis=0)
        way = outward(shop, door)
        x, y = float(middle[0]) + 0.55 * way[0], float(middle[1]) + 0.55 * way[1]
        turned = 90 if abs(way[0]) > abs(way[1]) else 0
        text = axes.text(x, y, f"door {name}", ha="center", va="center", fontsize=8.5, color="#2166ac", zorder=9)
        text.set_rotation(turned)
    x0, y0, x1, y1 = shop.bounds_m
    axes.set_xlim(x0 - _MARGIN_M, x1 + _MARGIN_M)
    axes.set_ylim(y0 - _MARGIN_M, y1 + _MARGIN_M)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=8, colors="#7a828a", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("metres", fontsize=8, color="#7a828a")


def _draw_cameras(axes: Axes, shop: TwinPlan, cameras: Mapping[str, TwinCamera], colour: str) -> None:
    for camera in cameras.values():
        x, y, _ = camera.position_m
        half = min(camera.hfov_deg, 360.0) / 2
        edges = (camera.yaw_deg - half, camera.yaw_deg + half) if camera.pitch_deg < 75 else (0.0, 360.0)
        filled = Wedge((x, y), _WEDGE_M, *edges, facecolor=colour, alpha=0.16, zorder=7)
        outline = Wedge((x, y), _WEDGE_M, *edges, fill=False, edgecolor=colour, linewidth=1.1, zorder=7)
        for wedge in (filled, outline):
            axes.add_patch(wedge)
            wedge.set_clip_path(Patch(np.array(shop.floor), closed=True, transform=axes.transData))
        axes.plot([x], [y], marker="o", markersize=8, color=colour, markeredgecolor="white", zorder=10)
    for (x, y), names in _together(cameras).items():
        ways = [math.radians(cameras[name].yaw_deg) for name in names]
        back = -sum(math.cos(way) for way in ways), -sum(math.sin(way) for way in ways)
        size = max(1e-6, math.hypot(*back))
        _label(axes, (x + 0.6 * back[0] / size, y + 0.5 * back[1] / size), ", ".join(names), colour)


def _together(cameras: Mapping[str, TwinCamera]) -> dict[tuple[float, float], list[str]]:
    """Names of the cameras at each place."""
    places: dict[tuple[float, float], list[str]] = {}
    for name, camera in cameras.items():
        places.setdefault(camera.position_m[:2], []).append(name)
    return places


def _draw_suggestions(axes: Axes, found: dict[str, list[Suggestion]]) -> None:
    for best in found.values():
        for suggestion in best[:1]:
            start, end = suggestion.floor.start, suggestion.floor.end
            axes.plot(*zip(start, end, strict=True), color="white", linewidth=4.2, zorder=7)
            axes.plot(
                *zip(start, end, strict=True), color=_VERDICT["good"], linewidth=2.4, linestyle=(0, (3, 1.2)), zorder=8
            )


def _draw_line(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, text: str) -> None:
    axes.plot(*zip(start, end, strict=True), color="white", linewidth=5.2, zorder=7, solid_capstyle="round")
    axes.plot(*zip(start, end, strict=True), color=colour, linewidth=3.2, zorder=8, solid_capstyle="round")
    _label(axes, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), text, colour)


def _label(axes: Axes, at: tuple[float, float], text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.88}
    axes.text(at[0], at[1], text, ha="center", va="center", fontsize=8.5, color=colour, bbox=box, zorder=11)


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=12, color=_INK, pad=8)


def _legend(figure: Figure) -> None:
    axes = figure.add_axes((0.04, 0.0, 0.86, 0.05))
    axes.set_axis_off()
    marks = [
        ("line counts", _VERDICT["good"], "-"),
        ("counts on a part", _VERDICT["partly"], "-"),
        ("can never count", _VERDICT["never"], "-"),
        ("suggested line", _VERDICT["good"], (0, (3, 1.2))),
    ]
    for text, colour, style in marks:
        axes.plot([], [], color=colour, linewidth=3, linestyle=style, label=text)
    axes.add_patch(Rectangle((0, 0), 0, 0, facecolor=_UNSEEN, edgecolor="#c5cace", label="not seen well enough"))
    axes.add_patch(Rectangle((0, 0), 0, 0, facecolor=_WOOD, label="shelf"))
    axes.add_patch(Rectangle((0, 0), 0, 0, facecolor=_TILL, label="counter"))
    axes.legend(loc="center left", ncols=7, frameon=False, fontsize=9, labelcolor=_INK)
