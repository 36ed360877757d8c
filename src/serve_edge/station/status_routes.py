"""What of the ledger can be read over HTTP, and errors as JSON."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteError

from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Window
from dongsun.serve_edge.ledger.day_report import DayReport, day_report, days_kept
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.station.business_date import business_date
from dongsun.serve_edge.station.health import StationHealth

_MOST_WINDOWS = 1_000


class Windows(BaseModel):
    """The latest windows, the newest first."""

    windows: list[Window]


def add_counts(app: FastAPI, snapshot: Callable[[], StationHealth], ledger: Ledger) -> None:
    """Adds `/v1/windows` and `/v1/days/…`."""

    @app.get("/v1/windows")
    def windows(camera: str | None = None, limit: Annotated[int, Query(ge=1, le=_MOST_WINDOWS)] = 40) -> Windows:
        """The latest windows of today and yesterday, of all cameras or of one."""
        health = snapshot()
        known = [each.camera_id for each in health.cameras]
        if camera is not None and camera not in known:
            raise HTTPException(404, f"no camera {camera!r}; there are {', '.join(known)}")
        today = ledger.calendar.day_of(health.now_utc)
        found = [w for each in ([camera] if camera else known) for w in _latest(ledger, each, today, limit)]
        found.sort(key=lambda window: window.starts_at_utc, reverse=True)
        return Windows(windows=found[:limit])

    @app.get("/v1/days/{day}")
    def days(day: str) -> DayReport:
        """What a business day came to: a date, `today` or `yesterday`."""
        today = ledger.calendar.day_of(snapshot().now_utc)
        try:
            wanted = business_date(day, today)
        except DongsunError as error:
            raise HTTPException(422, f"expected {error.expected}, got {error.got}") from error
        if wanted != today and wanted not in days_kept(ledger):
            raise HTTPException(404, f"nothing is known of {wanted}; that is not zero visitors")
        return day_report(ledger, wanted)


def add_json_errors(app: FastAPI) -> None:
    """Every error is `{"error": …}`, whatever went wrong."""

    @app.exception_handler(StarletteError)
    async def refused(request: Request, error: StarletteError) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def misunderstood(request: Request, error: RequestValidationError) -> JSONResponse:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return JSONResponse({"error": wrong}, 422)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": f"{type(error).__name__}; the station's log says more"}, 500)


def _latest(ledger: Ledger, camera_id: str, today: date, limit: int) -> list[Window]:
    """Day by day, so that the index serves and years of windows are never looked through."""
    found: list[Window] = []
    for day in (today, today - timedelta(days=1)):
        rows = ledger.rows(
            "SELECT body FROM windows WHERE business_day = ? AND camera_id = ? ORDER BY starts_at_utc DESC LIMIT ?",
            (str(day), camera_id, limit - len(found)),
        )
        found += [Window.model_validate_json(body) for (body,) in rows]
        if len(found) >= limit:
            break
    return found
