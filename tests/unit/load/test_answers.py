from __future__ import annotations

import pytest

from nuages.load.answers import AnswerReader, Malformed

LENGTH = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;note=1\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n"
)
TRAILERS = CHUNKED[:-2] + b"Checksum: 1\r\n\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + LENGTH


def reader(*, is_head: bool = False) -> AnswerReader:
    made = AnswerReader()
    made.expect(is_head=is_head)
    return made


@pytest.mark.parametrize("answer", [LENGTH, CHUNKED, TRAILERS, EARLY])
class TestCompleteAnswers:
    def test_in_one_piece(self, answer: bytes) -> None:
        one = reader()
        assert one.feed(answer)
        assert one.status == 200
        assert not one.close

    def test_byte_by_byte(self, answer: bytes) -> None:
        one = reader()
        ends = [one.feed(answer[i : i + 1]) for i in range(len(answer))]
        assert ends == [False] * (len(answer) - 1) + [True]

    def test_cut_anywhere(self, answer: bytes) -> None:
        for cut in range(1, len(answer)):
            one = reader()
            assert not one.feed(answer[:cut])
            assert one.feed(answer[cut:])

    def test_one_after_another_on_one_connection(self, answer: bytes) -> None:
        one = reader()
        for _ in range(3):
            one.expect(is_head=False)
            assert one.feed(answer)
        assert one.read == 3 * len(answer)


class TestAnswersThatAreAlike:
    """A head that was there before is not read again; nothing else may be taken for it."""

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (b"HTTP/1.1 404 No\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello", (404, False, [])),
            (LENGTH.replace(b"hello", b"other"), (200, False, [])),
            (LENGTH.replace(b"Server: x", b"Connection: close"), (200, True, [])),
            (LENGTH.replace(b"Server", b"Set-Cookie"), (200, False, [b"x"])),
            (CHUNKED, (200, False, [])),
        ],
    )
    def test_in_turns(self, answer: bytes, told: tuple[int, bool, list[bytes]]) -> None:
        one = reader()
        for _ in range(3):
            for data, expected in ((LENGTH, (200, False, [])), (answer, told)):
                one.expect(is_head=False)
                assert one.feed(data)
                assert (one.status, one.close, one.cookies) == expected

    def test_after_one_in_pieces(self) -> None:
        one = reader()
        for data in (LENGTH, LENGTH[:-2], LENGTH[-2:], LENGTH, LENGTH[:9], LENGTH[9:], LENGTH):
            one.expect(is_head=False) if data.startswith(b"HTTP") else None
            assert one.feed(data) == data.endswith(b"hello") or data == LENGTH[-2:]

    def test_a_head_alone_is_complete_where_only_that_was_asked_for(self) -> None:
        one = reader()
        assert one.feed(LENGTH)
        one.expect(is_head=True)
        assert one.feed(LENGTH[:-5])
        one.expect(is_head=False)
        assert not one.feed(LENGTH[:-5])
        assert one.feed(b"hello")


class TestBodies:
    def test_none_after_a_head_request_whatever_the_length_says(self) -> None:
        assert reader(is_head=True).feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")

    @pytest.mark.parametrize("status", [204, 304])
    def test_none_of_answers_that_have_none(self, status: int) -> None:
        assert reader().feed(b"HTTP/1.1 %d Fine\r\n\r\n" % status)

    def test_up_to_the_end_of_the_connection(self) -> None:
        one = reader()
        assert not one.feed(b"HTTP/1.1 200 OK\r\n\r\nhello")
        assert one.close
        assert one.end()

    def test_cut_short_by_the_end_of_the_connection(self) -> None:
        one = reader()
        assert not one.feed(LENGTH[:-1])
        assert not one.end()

    def test_longer_than_said(self) -> None:
        with pytest.raises(Malformed):
            reader().feed(LENGTH + b"!")

    def test_chunk_without_a_size(self) -> None:
        with pytest.raises(Malformed):
            reader().feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n")


class TestConnections:
    def test_closed_when_the_server_says_so(self) -> None:
        one = reader()
        one.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        assert one.close

    def test_closed_by_http_1_0_without_keep_alive(self) -> None:
        one = reader()
        one.feed(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert one.close

    def test_kept_by_http_1_0_with_keep_alive(self) -> None:
        one = reader()
        one.feed(b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n")
        assert not one.close

    def test_how_long_the_server_keeps_them(self) -> None:
        one = reader()
        one.feed(b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=10\r\nContent-Length: 0\r\n\r\n")
        assert one.keep_alive_seconds == 5


def test_cookies_are_taken_out() -> None:
    one = reader()
    one.feed(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n"
        b"set-cookie: b=2\r\n\r\n"
    )
    assert one.cookies == [b"a=1; Path=/", b"b=2"]


def test_something_else_than_http() -> None:
    with pytest.raises(Malformed):
        reader().feed(b"SSH-2.0-OpenSSH\r\n\r\n")
