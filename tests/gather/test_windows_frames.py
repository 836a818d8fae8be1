"""Decoding the answer of a Windows VM: the same frames, possibly with other line ends."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plugins.checks.probe import ProbeCommand
from plugins.gather.frames import FrameDecoder
from plugins.gather.windows_script import compile_script

PROBES = [ProbeCommand(key, "''", 1, key == "d", (), 16) for key in "abcd"]
BATCH = compile_script(PROBES, nonce="N0NCE")
GOOD = (
    "#< CLIXML\n"
    "\nN0NCE hello\n"
    "proxy=1\nzwei=ü\n\nN0NCE o 2\n\nN0NCE e 2 e 0 0.31 0.56\n"
    "\nN0NCE o 1\nsaid\n\nN0NCE e 1 e -1073741510 0.30 0.41\n"
    "half\nN0NCE o 3\n\nN0NCE e 3 t - 0.30 1.81\n"
    "\nN0NCE o 4\nthe session's token is not in the role Administrator\n\nN0NCE e 4 r - 0.29 0.29\n"
    "\nN0NCE end\n"
).encode()


def decoded(*pieces: bytes) -> FrameDecoder:
    decoder = FrameDecoder(BATCH, clock=lambda: 1000.0)
    for piece in pieces:
        decoder.feed(piece)
    return decoder


def test_a_whole_answer() -> None:
    decoder = decoded(GOOD)
    assert (decoder.complete, decoder.greeted) == (True, True)
    a, b, c, d = (decoder.results[key] for key in "abcd")
    assert (b.state, b.exit, b.stdout, b.stderr, b.seconds) == ("done", 0, "proxy=1\nzwei=ü\n", "", 0.25)
    assert (a.state, a.exit, a.stdout, a.stderr) == ("done", -1073741510, "", "said\n")
    assert (c.state, c.exit, c.stdout, c.seconds) == ("timed out", None, "half", 1.51)
    assert (d.state, d.exit, d.truncated) == ("no root", None, True)


def test_line_ends_that_were_made_cr_lf_on_the_way_make_no_difference() -> None:
    assert decoded(GOOD.replace(b"\n", b"\r\n")).results == decoded(GOOD).results


@given(st.lists(st.integers(1, len(GOOD) - 1)))
def test_the_pieces_it_arrives_in_do_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(GOOD)]
    assert decoded(*(GOOD[a:b] for a, b in pairwise(edges))).results == decoded(GOOD).results


def test_a_missing_program_is_named() -> None:
    seen = decoded(b"\nN0NCE hello\n\nN0NCE o 1\ncurl.exe\nN0NCE e 1 x - 0.20 0.21\n\nN0NCE end\n").results["a"]
    assert (seen.state, seen.stderr) == ("no tool", "curl.exe")


def test_a_cap_counts_what_is_left_of_line_ends() -> None:
    whole = b"123456789012345\r\n"  # 16 bytes, as a text
    decoder = decoded(b"\r\nN0NCE hello\r\n" + whole + b"\r\nN0NCE o 1\r\n\r\nN0NCE e 1 e 0 0.20 0.21\r\n")
    assert (decoder.results["a"].stdout, decoder.results["a"].truncated) == ("123456789012345\n", False)


def test_bytes_of_a_linux_vm_stay_as_they_are() -> None:
    decoder = FrameDecoder(replace(BATCH, crlf=False))
    decoder.feed(b"\nN0NCE hello\nout\r\n\nN0NCE o 1\n\nN0NCE e 1 e 0 10.00 10.25\n")
    assert decoder.results["a"].stdout == "out\r\n"


def test_too_much_output_of_which_the_beginning_is_kept() -> None:
    decoder = decoded(b"\nN0NCE hello\n" + b"x" * 17 + b"\nN0NCE o 1\n\nN0NCE e 1 e 0 0.20 0.21\n")
    assert (decoder.results["a"].stdout, decoder.results["a"].truncated) == ("x" * 16, True)


def test_a_cut_output_ends_with_a_whole_character() -> None:
    whole = "x" * 15 + "\N{EURO SIGN}"
    decoder = decoded(f"\nN0NCE hello\n{whole}\nN0NCE o 1\n\nN0NCE e 1 e 0 0.20 0.21\n".encode())
    assert (decoder.results["a"].stdout, decoder.results["a"].truncated) == ("x" * 15, True)
