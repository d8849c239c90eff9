"""What the service answers when it cannot do what was asked: problem documents (RFC 9457) that hold no value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

__all__ = ["PROBLEM_TYPE", "TITLES", "Refused"]

PROBLEM_TYPE = "application/problem+json"

TITLES = {
    400: "The request cannot be read",
    401: "A valid token is needed",
    404: "There is nothing at this address",
    405: "This method is not available here",
    409: "The model is not to be used on this day",
    408: "The body took too long to arrive",
    413: "The body is too large",
    415: "The body must be JSON in UTF-8",
    422: "The request cannot be answered",
    429: "Too many requests with this token",
    500: "A fault of the service",
    503: "The service is busy",
}
"""The short text of each status that the service may answer instead of a result."""


class Refused(Exception):
    """A request that is not answered with a result.

    Parameters
    ----------
    status : int
        HTTP status; one of :data:`TITLES`.
    detail : str
        What was wrong and what to do, without a value of the request.
    problems : sequence of str
        Every problem of the content, a sentence each, without a value.
    headers : mapping of str to str, optional
        Further headers of the answer.

    Examples
    --------
    >>> Refused(401, "Send a token.").document("5b1c")["status"]
    401
    """

    def __init__(
        self, status: int, detail: str, *, problems: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status, self.detail, self.problems = status, detail, tuple(problems)
        self.headers = dict(headers or {})

    def document(self, request_id: str) -> dict[str, Any]:
        """The problem document.

        Parameters
        ----------
        request_id : str
            What the service calls the request in its log.

        Returns
        -------
        dict
            ``type``, ``title``, ``status``, ``detail``, ``request_id``, and ``problems`` where there are several.
        """
        found: dict[str, Any] = {
            "type": "about:blank",
            "title": TITLES.get(self.status, HTTPStatus(self.status).phrase),
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        return found | ({"problems": list(self.problems)} if self.problems else {})

    def body(self, request_id: str) -> bytes:
        """The problem document as it is sent.

        Parameters
        ----------
        request_id : str
            What the service calls the request in its log.

        Returns
        -------
        bytes
            JSON in UTF-8.
        """
        return json.dumps(self.document(request_id)).encode("utf-8")
