"""Reading a large XML file one element at a time, safely and without holding it in memory."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import errors

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from edgeofcare.exceptions import RecordsError, SpecError

__all__ = ["iter_elements"]

_DEEPEST = 100
_HEAD_BYTES = 512
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ARCHIVES = (b"PK", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
_CUT_SHORT = frozenset(errors.codes[text] for text in (errors.XML_ERROR_NO_ELEMENTS, errors.XML_ERROR_UNCLOSED_TOKEN))
_ENCODING = frozenset(
    errors.codes[text] for text in (errors.XML_ERROR_UNKNOWN_ENCODING, errors.XML_ERROR_INCORRECT_ENCODING)
)


def iter_elements(path: str | os.PathLike[str], tag: str) -> Generator[Element, None, None]:
    """Go through the elements of one name in an XML file, in the order of the file.

    The file is streamed: what has been passed is let go, so memory stays the same however long the file is.

    Parameters
    ----------
    path : str or path
        The XML file.
    tag : str
        Name of the wanted elements without namespace, such as ``"Child"``. Of elements within one another the
        outermost is given, whole.

    Yields
    ------
    Element
        The element with all that is in it; its name and all names in it are without namespaces.

    Raises
    ------
    SpecError
        If there is no such file.
    RecordsError
        If the file is empty, cut short, packed, not XML, in an encoding that cannot be read, or defines a document
        type or entities, which no return does and attacks do. The message has the name of the file and the line,
        never a value.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "census.xml")
    ...     _ = file.write_text("<Message><Child><Sex>F</Sex></Child><Child/></Message>", encoding="utf-8")
    ...     [child.findtext("Sex") for child in iter_elements(file, "Child")]
    ['F', None]
    """
    file = _existing(path)
    try:
        with file.open("rb") as stream:
            _check_head(stream, file.name)
            yield from _elements(stream, tag, file.name)
    except ParseError as error:
        raise RecordsError(_broken(error, file.name)) from None
    except DefusedXmlException:
        msg = f"{_named(file.name)} defines a document type or entities. No return does; it is not read for safety."
        raise RecordsError(msg) from None
    except (RecordsError, SpecError):
        raise
    except OSError as error:
        msg = f"{_named(file.name)} could not be opened or read ({type(error).__name__})."
        raise RecordsError(msg) from None
    except (LookupError, ValueError):
        msg = f"{_named(file.name)} is in an encoding that cannot be read. Export it again with UTF-8 encoding."
        raise RecordsError(msg) from None


def _named(name: str) -> str:
    """The start of a sentence about a file: its name without its folder."""
    return f"XML file {name!r}"


def _existing(path: str | os.PathLike[str]) -> Path:
    """The path of a file that is there."""
    if not isinstance(path, (str, os.PathLike)):
        msg = "An XML file must be given by its path."
        raise SpecError(msg)
    file = Path(path)
    if not file.is_file():
        msg = f"{_named(file.name)} does not exist or is not a file."
        raise SpecError(msg)
    return file


def _check_head(stream: IO[bytes], name: str) -> None:
    """Refuse what cannot be XML by its first bytes, and go back to the start."""
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if head.startswith(_ARCHIVES):
        msg = f"{_named(name)} is an archive or a workbook, not XML. Unpack it, or export the return as XML."
        raise RecordsError(msg)
    for mark in _BYTE_ORDER_MARKS:
        head = head.removeprefix(mark)
    text = head.replace(b"\0", b"").strip()
    if not text:
        msg = f"{_named(name)} is empty. Export the return again."
        raise RecordsError(msg)
    if not text.startswith(b"<"):
        msg = f"{_named(name)} is not XML: it does not begin with '<'. Export the return as XML."
        raise RecordsError(msg)


def _elements(stream: IO[bytes], tag: str, name: str) -> Generator[Element, None, None]:
    """The outermost elements of one name; everything else is let go as soon as it has been passed."""
    above: list[Element] = []
    wanted: Element | None = None
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            element.tag = element.tag.rpartition("}")[2]
            above.append(element)
            if wanted is None and element.tag == tag:
                wanted = element
            if len(above) > _DEEPEST:
                msg = f"{_named(name)} has elements nested more than {_DEEPEST} deep, which no return has."
                raise RecordsError(msg)
            continue
        above.pop()
        if wanted is not None and element is wanted:
            yield element
            wanted = None
        if wanted is None and above:
            del above[-1][:]


def _broken(error: ParseError, name: str) -> str:
    """What is wrong with a file that stops being XML, and where."""
    line, _ = error.position
    if error.code in _CUT_SHORT:
        return f"{_named(name)} ends before it is complete (line {line}): it was cut short. Copy or export it again."
    if error.code in _ENCODING:
        return f"{_named(name)} is not in the encoding that it says. Export it again with UTF-8 encoding."
    return (
        f"{_named(name)} is not well-formed XML from line {line} on: a broken element, a character that XML does not "
        "allow, or an encoding other than the one it says. Export it again with UTF-8 encoding."
    )
