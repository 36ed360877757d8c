"""The station's status over HTTP, for this machine alone: read-only, and nothing about single visitors."""

import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.station.health import StationHealth
from dongsun.serve_edge.station.metrics import CONTENT_TYPE, metrics_text
from dongsun.serve_edge.station.readiness import reasons_not_ready
from dongsun.serve_edge.station.status_routes import add_counts, add_json_errors

_LOG = logging.getLogger(__name__)
_START_S = 10.0
_GRACE_S = 1
"""A request under way may take so long after the station was told to stop."""


class StatusApi:
    """Serves `/healthz`, `/readyz`, `/metrics` and `/v1/…` from a thread of its own.

    A request must name this machine (`Host`), so that no web page on a browser here can read along by way of DNS.

    Args:
        snapshot: How the station is doing; called at each request.
        ledger: Of the latest windows and days.
        host: The one address to listen on.
        port: 0 takes a free one; see `port`.
        dead_threads: Names of threads that should live and don't.

    Raises:
        DongsunError: The address can't be had.
    """

    def __init__(
        self,
        snapshot: Callable[[], StationHealth],
        ledger: Ledger,
        host: str = "127.0.0.1",
        port: int = 0,
        dead_threads: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self._socket = socket.create_server((host, port), family=family, backlog=64)
        except OSError as error:
            raise DongsunError(
                expected=f"to listen on {host}:{port}",
                got=error.strerror or str(error),
                where="http",
                mend="end the program that has the port, or choose another `http.port`",
            ) from error
        self.port: int = self._socket.getsockname()[1]
        app = _app(snapshot, ledger, frozenset({host, "127.0.0.1", "localhost", "::1"}), dead_threads)
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="status-api", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begins to answer; returns once it does, or after ten seconds: a busy machine is no reason not to count.

        Raises:
            DongsunError: It broke.
        """
        self._thread.start()
        give_up_s = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive():
                raise DongsunError(
                    expected="the status page to answer", got="nothing", where="http", mend="see the log before this"
                )
            if time.monotonic() > give_up_s:
                _LOG.warning("the status page doesn't answer yet; counting begins without it")
                return
            time.sleep(0.01)

    def stop(self, timeout_s: float) -> bool:
        """Ends; whether it ended in time."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self._socket.close()
        return not self._thread.is_alive()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _app(
    snapshot: Callable[[], StationHealth],
    ledger: Ledger,
    hosts: frozenset[str],
    dead_threads: Callable[[], tuple[str, ...]],
) -> FastAPI:
    # Neither of FastAPI's documentation pages: they load scripts from elsewhere.
    app = FastAPI(title="Dongsun station", docs_url=None, redoc_url=None)
    add_json_errors(app)

    @app.middleware("http")
    async def this_machine_only(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.url.hostname not in hosts:
            return JSONResponse({"error": "ask by this machine's own address"}, 421)
        return await call(request)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        """Whether the process and its threads live."""
        dead = dead_threads()
        return JSONResponse({"alive": not dead, "dead_threads": list(dead)}, 503 if dead else 200)

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        """Whether people are counted now."""
        health = snapshot()
        reasons = () if health.ready else reasons_not_ready(health)
        return JSONResponse({"ready": health.ready, "reasons": list(reasons)}, 200 if health.ready else 503)

    @app.get("/metrics")
    def metrics() -> Response:
        """For Prometheus."""
        return Response(metrics_text(snapshot()), media_type=CONTENT_TYPE)

    @app.get("/v1/status")
    def status() -> StationHealth:
        """The whole snapshot."""
        return snapshot()

    add_counts(app, snapshot, ledger)
    return app
