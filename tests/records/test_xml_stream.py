"""Streaming XML: what is given, what is refused, and that memory stays flat."""

from __future__ import annotations

import gc
import os
import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import EdgeOfCareError, RecordsError, SpecError
from edgeofcare.records.xml_stream import iter_elements

SECRET = "Quixote"
GOOD = f"<Message><Header/><Child><A>{SECRET}</A><B><C>2</C></B></Child>text<Child/></Message>"
LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "Quixote"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    "<l>&c;</l>"
)
BAD = {
    "nothing": (b"", "is empty"),
    "blanks": (b" \r\n\t ", "is empty"),
    "cut short": (GOOD[:60].encode(), "cut short"),
    "cut in a tag": (GOOD[:-4].encode(), "cut short"),
    "another encoding than it says": ("<M><Child>Quixot\xe9</Child></M>".encode("cp1252"), "UTF-8"),
    "an unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><M/>', "encoding"),
    "a multi-byte encoding": (b'<?xml version="1.0" encoding="shift_jis"?><M/>', "encoding"),
    "a codec that is no text": (b'<?xml version="1.0" encoding="base64"?><M/>', "encoding"),
    "no byte-order mark": (b'<?xml version="1.0" encoding="utf-16"?><M/>', "encoding"),
    "a zip": (b"PK\x03\x04" + bytes(100), "archive"),
    "gzip": (b"\x1f\x8b\x08" + bytes(100), "archive"),
    "comma-separated": (b"CHILD,DOB\nQuixote,2008-01-01\n", "not XML"),
    "binary": (bytes(range(1, 256)), "not XML"),
    "nulls": (b"<M>\0\0</M>", "not well-formed"),
    "two roots": (b"<M/><M/>", "not well-formed"),
    "an unknown entity": (b"<M>&Quixote;</M>", "not well-formed"),
    "an unknown prefix": (b"<Quixote:M/>", "not well-formed"),
    "billion laughs": (LAUGHS.encode(), "document type or entities"),
    "an external entity": (b'<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><f>&x;</f>', "document type"),
    "an external document type": (b'<!DOCTYPE m SYSTEM "http://example.com/x.dtd"><m/>', "document type"),
    "a very deep tree": (b"<a>" * 100_000, "nested"),
}


def write(folder, content):
    """A file of that content."""
    path = folder / "census.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def told(path, tag="Child"):
    """Each element as the texts of all that is in it."""
    return [[part.text for part in element.iter() if not len(part)] for element in iter_elements(path, tag)]


def test_elements_are_given_whole_and_in_order(tmp_path):
    path = write(tmp_path, GOOD)
    assert told(path) == [[SECRET, "2"], [None]]
    assert told(str(path), "C") == [["2"]]
    assert told(path, "Nobody") == []


def test_of_elements_within_one_another_the_outermost_is_given(tmp_path):
    assert told(write(tmp_path, "<C><Child>1<Child>2</Child></Child><Child>3</Child></C>")) == [["2"], ["3"]]
    assert told(write(tmp_path, "<Child>1</Child>")) == [["1"]]


def test_namespaces_are_taken_off_all_names(tmp_path):
    text = '<m:M xmlns:m="urn:a" xmlns="urn:b"><m:Child><Sex>F</Sex></m:Child><Child><m:Sex>M</m:Sex></Child></m:M>'
    found = list(iter_elements(write(tmp_path, text), "Child"))
    assert [(element.tag, element[0].tag, element.findtext("Sex")) for element in found] == [
        ("Child", "Sex", "F"),
        ("Child", "Sex", "M"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_that_a_file_declares_are_read(tmp_path, encoding):
    name = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{name}"?><M><Child>\xe9</Child></M>'
    assert told(write(tmp_path, text.encode(encoding))) == [["\xe9"]]


@pytest.mark.parametrize("what", BAD)
def test_bad_files_are_refused_in_plain_words_without_their_content(tmp_path, what):
    content, why = BAD[what]
    with pytest.raises(RecordsError, match=r"XML file 'census\.xml'") as caught:
        told(write(tmp_path, content))
    assert why in str(caught.value)
    assert SECRET not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_the_line_on_which_a_file_breaks_is_told(tmp_path):
    with pytest.raises(RecordsError, match="from line 3 on"):
        told(write(tmp_path, "<M>\n<A/>\n<B></C>\n</M>"))


@pytest.mark.parametrize("path", ["nowhere.xml", "", "a\0b.xml"])
def test_a_file_that_is_not_there_is_refused(tmp_path, path):
    with pytest.raises(SpecError, match="does not exist or is not a file"):
        told(tmp_path / path)


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes in folders")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.xml")
    with pytest.raises(SpecError, match="not a file"):
        told(tmp_path / "pipe.xml")


@pytest.mark.parametrize("path", [5, None, ["census.xml"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(SpecError, match="given by its path"):
        told(path)


def test_a_reader_that_stops_early_lets_the_file_go(tmp_path):
    path = write(tmp_path, GOOD)
    elements = iter_elements(path, "Child")
    next(elements)
    elements.close()
    gc.collect()
    path.unlink()
    assert not path.exists()


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(children):
        body = "<Child><A>123</A><B><C>1</C></B></Child>\n" * children
        path = write(tmp_path, f"<M><Group>{body}</Group><Group>{'<D><E/></D>' * children}</Group></M>")
        tracemalloc.start()
        try:
            assert sum(1 for _ in iter_elements(path, "Child")) == children
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)
    assert peak(20_000) < 2 * peak(2_000)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "any.xml"
    said = []
    for start in (b"", b"<?xml version='1.0'?><Child>", b"<Child><!DOCTYPE"):
        path.write_bytes(start + content)
        try:
            told(path)
        except EdgeOfCareError as error:
            said.append(str(error))
    assert len(said) >= 2
    assert all("any.xml" in message for message in said)
