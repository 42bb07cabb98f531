"""What the shipped operations append: nothing is left out, whatever is sent to whichever of them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wendelin.core.errors import BadRequest
from wendelin.plugins.ingestion.formats import json_bodies, lines
from wendelin.plugins.ingestion.formats.body import Body
from wendelin.plugins.ingestion.formats.event_stream import iter_text

TIME = msgpack.ExtType(0, (1767225600).to_bytes(4, "big") + (5).to_bytes(4, "big"))
WHEN = "2026-01-01T00:00:00.000000005Z"
Write = Callable[[bytes, str], Any]


def written(write: Write, body: bytes, tag: str = "app.web") -> bytes:
    return b"".join(write(body, tag))


def pack(*records: object, moment: object = TIME) -> bytes:
    return b"".join(msgpack.packb([moment, record]) for record in records)


def parsed(data: bytes) -> list[Any]:
    def refuse(name: str) -> Any:
        raise ValueError(name)

    assert not data or data.endswith(b"\n")
    return [json.loads(line, parse_constant=refuse) for line in data.decode("utf-8").splitlines()]


def test_one_logger_three_operations() -> None:
    """The example that the dialog tells."""
    body = pack({"message": "start"}, {"message": "stop"})
    assert written(lines.iter_bytes, body) == b"startstop"
    assert written(lines.iter_text_lines, body) == b"start\nstop\n"
    assert parsed(written(lines.iter_json_lines, body)) == [
        {"time": WHEN, "tag": "app.web", "record": {"message": "start"}},
        {"time": WHEN, "tag": "app.web", "record": {"message": "stop"}},
    ]


@pytest.mark.parametrize("write", [lines.iter_bytes, lines.iter_text_lines, lines.iter_json_lines])
@pytest.mark.parametrize("record", [{"message": "x", "level": "info"}, {"cpu": 21.5}, {"log": "a", "stream": "out"}])
def test_records_with_more_in_them_keep_all_of_it_with_time_and_tag(write: Write, record: dict[str, Any]) -> None:
    expected = [{"time": WHEN, "tag": "app.web", "record": record}]
    assert parsed(written(write, pack(record))) == expected
    as_bytes = {key: value.encode() if isinstance(value, str) else value for key, value in record.items()}
    assert parsed(written(write, pack(as_bytes))) == expected


def test_lines_end_once() -> None:
    body = pack({"log": b"one\n"}, b"two", {"message": ""}, {"message": "a\r\n"})
    assert written(lines.iter_text_lines, body) == b"one\ntwo\n\na\r\n"


def test_metadata_is_kept() -> None:
    body = msgpack.packb([[[TIME, {"source": "x"}], {"a": 1}], [[TIME, {}], {"a": 2}]])
    first, second = parsed(written(lines.iter_json_lines, body))
    assert first == {"time": WHEN, "tag": "app.web", "metadata": {"source": "x"}, "record": {"a": 1}}
    assert "metadata" not in second


def test_mqtt_payloads_are_bytes_or_keep_their_topic() -> None:
    record = {"topic": "plant/1", "message": b'{"t":21.5}', "qos": 1, "retain": False}
    assert written(lines.iter_bytes, pack(record)) == b'{"t":21.5}'
    (found,) = parsed(written(lines.iter_json_lines, pack(record)))
    assert found["record"] == record | {"message": '{"t":21.5}'}


def test_text_and_json_bodies() -> None:
    text = b"21.5\n22.0"
    assert written(lines.iter_text_lines, text) == b"21.5\n22.0\n"
    for write in (lines.iter_bytes, lines.iter_json_lines):
        with pytest.raises(BadRequest, match="wendelin_ingest_text_lines"):
            written(write, text)
    for body in (
        b'{"a": 1}\n{"a": 1e400, "b": [1, 2]}\n',
        b'[{"a": 1}, {"a": 1e400, "b": [1, 2]}]',
        b'\xef\xbb\xbf {"a": 1}{"a": 1e400,\n "b": [1, 2]}',
    ):
        kept = written(lines.iter_bytes, body)
        assert kept.replace(b",  ", b", ") == b'{"a": 1}\n{"a": 1e400, "b": [1, 2]}\n'
        found = written(lines.iter_json_lines, body).decode().splitlines()
        assert [line[: len('{"time":"20')] for line in found] == ['{"time":"20'] * 2
        assert found[0].endswith('"tag":"app.web","record":{"a": 1}}')


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1,",
        b'{"a": NaN}',
        b"[Infinity]",
        b'{"a":1} x',
        b'{"a":1}\n21.5',
        b"[" * 100_000,
        b'{"\xff": 1}',
        b"[1 2]",
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    for write in (lines.iter_bytes, lines.iter_json_lines):
        with pytest.raises(BadRequest):
            written(write, body)


def test_a_document_is_bounded_and_lines_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_bodies, "LARGEST_DOCUMENT", 1 << 20)
    line = b'{"a": "' + b"x" * 1000 + b'"}\n'
    assert written(lines.iter_bytes, line * 3000) == line * 3000
    with pytest.raises(BadRequest, match="send lines"):
        written(lines.iter_bytes, b'{"a": "' + b"x" * (4 << 20))


def test_a_number_longer_than_any_is_kept() -> None:
    assert written(lines.iter_bytes, b"[" + b"9" * 20_000 + b"]") == b"9" * 20_000 + b"\n"


def test_keys_that_are_one_in_json_are_both_kept() -> None:
    (found,) = parsed(written(lines.iter_bytes, pack({"a": 1, b"a": 2, "b": 3, "b'": 4, b"b": 5})))
    assert found["record"] == {"a": 1, "a'": 2, "b": 3, "b'": 4, "b'''": 5}


def test_chosen_keys_cost_no_time() -> None:
    keys = ["a" + "'" * number for number in range(2000)]
    body = pack(dict.fromkeys(keys, 1) | {key.encode(): 1 for key in keys})
    started = time.process_time()
    (found,) = parsed(written(lines.iter_bytes, body))
    assert time.process_time() - started < 1
    assert len(found["record"]) == 4000


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), 2**62, msgpack.ExtType(5, b"12345678")])
def test_a_time_that_is_none_is_refused(moment: object) -> None:
    with pytest.raises(BadRequest):
        written(lines.iter_json_lines, pack({"a": 1}, moment=moment))


@pytest.mark.parametrize(
    "moment",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        True,
        "1",
        msgpack.ExtType(0, b"1234567"),
        msgpack.ExtType(5, bytes(8)),
    ],
)
@pytest.mark.parametrize("record", [{"message": b"x"}, {"log": "x"}, b"x", {"a": 1}])
@pytest.mark.parametrize("wraps", [False, True])
def test_a_time_that_is_none_is_refused_by_every_operation(moment: object, record: object, wraps: bool) -> None:
    before = pack(*[{"message": b"x"}] * 20)
    body = before + pack(record, moment=[moment, {}] if wraps else moment)
    for write in (lines.iter_bytes, lines.iter_text_lines, lines.iter_json_lines, lambda data, _: iter_text(data)):
        with pytest.raises(BadRequest, match="not events"):
            written(write, body)
    with pytest.raises(BadRequest, match="not events"):
        b"".join(lines.iter_text_lines(body, "t", True))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.binary(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.text(max_size=20))
def test_every_record_becomes_json_that_every_program_reads(record: object, tag: str) -> None:
    tag = tag.encode("utf-8", "replace").decode()
    (found,) = parsed_lines(written(lines.iter_json_lines, pack({"r": record}, moment=1.5), tag))
    assert found["time"] == "1970-01-01T00:00:01.500000000Z" and found["tag"] == tag
    if isinstance(record, str | int) or record is None:
        assert found["record"]["r"] == record


def parsed_lines(data: bytes) -> list[Any]:
    """As `parsed`; a line ends with a line feed only, whatever else Unicode calls a line break."""
    return [json.loads(line) for line in io.BytesIO(data)]


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_pieces_of_a_file_stay_what_they_are(pieces: list[bytes]) -> None:
    assert written(lines.iter_bytes, pack(*({"message": piece} for piece in pieces)) or b"\x90") == b"".join(pieces)
    assert json_bodies.is_json(Body(b"".join(pieces))) in (True, False)


def test_documents_larger_than_what_is_read_at_a_time() -> None:
    large = json.dumps({"a": ["x" * 1000] * 3000})
    assert len(large) > 2 << 20
    body = f'{large}\n{{"b": 1}}\n[{large}, {{"b": 2}}]'.encode()
    assert written(lines.iter_bytes, body) == f'{large}\n{{"b": 1}}\n{large}\n{{"b": 2}}\n'.encode()


def test_a_part_of_a_file_is_no_line_and_no_record() -> None:
    body = pack({"message": b"one\ntw"}, {"message": b"o\nthree"})
    assert b"".join(lines.iter_text_lines(body, "t", True)) == b"one\ntwo\nthree"
    assert b"".join(lines.iter_text_lines(b"one\ntw", "t", True)) == b"one\ntw"
    with pytest.raises(BadRequest, match="not files"):
        b"".join(lines.iter_json_lines(body, "t", True))
