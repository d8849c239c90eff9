"""A property that is made when it is first asked for, once, whatever the number of threads that ask at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import RLock
from typing import Any

__all__ = ["made_once"]


class made_once(cached_property):
    """A cached property for objects that threads share: the first who ask wait for one another.

    From Python 3.12 on ``functools.cached_property`` lets each of them make the value.

    Parameters
    ----------
    func : callable
        The method.

    Examples
    --------
    >>> class Model:
    ...     @made_once
    ...     def form(self):
    ...         return object()
    >>> model = Model()
    >>> model.form is model.form
    True
    """

    def __init__(self, func: Callable[[Any], Any]) -> None:
        super().__init__(func)
        self._making = RLock()

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        """Return the value, made if it is not there yet."""
        if instance is None or self.attrname in instance.__dict__:
            return super().__get__(instance, owner)
        with self._making:
            return super().__get__(instance, owner)
