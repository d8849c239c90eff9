"""What the service counts, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

__all__ = ["METRICS_TYPE", "Measures"]

METRICS_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Measures:
    """Counts and durations by route and status, and what model is served; nothing of any child.

    Examples
    --------
    >>> measures = Measures()
    >>> measures.answered("/v1/score", 200, 0.004)
    >>> b'edgeofcare_requests_total{route="/v1/score",status="200"} 1.0' in measures.text()
    True
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        by = ("route", "status")
        self._count = Counter("edgeofcare_requests", "Requests that were answered.", by, registry=self._registry)
        self._seconds = Histogram(
            *("edgeofcare_request_seconds", "How long requests took.", by), buckets=_SECONDS, registry=self._registry
        )
        self._under_way = Gauge("edgeofcare_requests_under_way", "Requests being answered.", registry=self._registry)
        self._model = Gauge("edgeofcare_model", "The model that is served.", ["model_id"], registry=self._registry)
        self._expired = Gauge(
            "edgeofcare_model_expired",
            "1 if the model's last day of use is over, by the clock.",
            registry=self._registry,
        )
        self._reloads = Counter(
            "edgeofcare_model_reloads", "Model files that were looked at.", ["result"], registry=self._registry
        )

    def began(self) -> None:
        """Count a request that has come."""
        self._under_way.inc()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request that is over.

        Parameters
        ----------
        route : str
            One of the routes of the service.
        status : int
            Of the answer.
        seconds : float
            How long it took.
        """
        self._under_way.dec()
        self._count.labels(route, str(status)).inc()
        self._seconds.labels(route, str(status)).observe(seconds)

    def reloaded(self, result: str) -> None:
        """Count a model file that was looked at.

        Parameters
        ----------
        result : {"served", "refused"}
            What became of it.
        """
        self._reloads.labels(result).inc()

    def serves(self, model_id: str, *, expired: bool) -> None:
        """Say what model is served.

        Parameters
        ----------
        model_id : str
            Its short name.
        expired : bool
            Whether its last day of use is over.
        """
        self._model.clear()
        self._model.labels(model_id).set(1)
        self._expired.set(int(expired))

    def text(self) -> bytes:
        """All of it.

        Returns
        -------
        bytes
            Of type :data:`METRICS_TYPE`.
        """
        return generate_latest(self._registry)
