"""Decoding a VM's answer, in any pieces, whatever it contains."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plugins.checks.probe import ProbeCommand
from plugins.gather.frames import FrameDecoder
from plugins.gather.script import VmScript, compile_script

BATCH = compile_script(
    [ProbeCommand("a", "true", 1, False, (), 16), ProbeCommand("b", "true", 1, False, (), 16)], nonce="N0NCE"
)
GOOD = (
    b"Welcome!\nToday's news\n"
    b"\nN0NCE hello\n"
    b"out\n\nN0NCE o 2\nerr\n\nN0NCE e 2 e 7 10.00 10.25\n"
    b"\nN0NCE o 1\n\nN0NCE e 1 t - 10.00 11.50\n"
    b"\nN0NCE end\n"
)


def decoded(*pieces: bytes, batch: VmScript = BATCH) -> FrameDecoder:
    decoder = FrameDecoder(batch, clock=lambda: 1000.0)
    for piece in pieces:
        decoder.feed(piece)
    return decoder


def test_a_whole_answer() -> None:
    decoder = decoded(GOOD)
    assert decoder.complete
    assert decoder.greeted
    b, a = decoder.results["b"], decoder.results["a"]
    assert (b.state, b.exit, b.stdout, b.stderr, b.seconds, b.received) == ("done", 7, "out\n", "err\n", 0.25, 1000.0)
    assert (a.state, a.exit, a.stdout, a.stderr, a.seconds) == ("timed out", None, "", "", 1.5)


@given(st.lists(st.integers(1, len(GOOD) - 1)))
def test_the_pieces_it_arrives_in_do_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(GOOD)]
    decoder = decoded(*(GOOD[a:b] for a, b in pairwise(edges)))
    assert decoder.complete
    assert decoder.results == decoded(GOOD).results


def test_an_answer_that_breaks_off_keeps_the_frames_that_were_whole() -> None:
    decoder = decoded(GOOD[: GOOD.index(b"o 1\n") + 10])
    assert not decoder.complete
    assert set(decoder.results) == {"b"}


def test_a_login_that_says_much_before_the_first_frame_is_greeted_all_the_same() -> None:
    for noise in (65_536, 65_537, 200_000):
        for cut in range(noise - 3, noise + 3):
            whole = b"x" * noise + GOOD
            assert decoded(whole[:cut], whole[cut:]).results == decoded(GOOD).results


def test_outputs_sent_together_count_with_their_frames_in_order() -> None:
    printed = b"\nN0NCE b\nout\n\nN0NCE s\nerr\n\nN0NCE s\n"
    frame = b"\nN0NCE f 2 e 7 10.00 10.25\n"
    end = b"\nN0NCE s\n\nN0NCE s\n\nN0NCE f 2 e 7 10.00 10.25\nN0NCE f 1 t - 10.00 11.50\n\nN0NCE end\n"
    assert decoded(b"\nN0NCE hello\n", printed + end).results == decoded(GOOD).results
    assert decoded(printed).results == {}
    assert decoded(printed, b"\nN0NCE b\n", frame).results == {}  # it was not sent completely
    assert decoded(b"\nN0NCE b\n\nN0NCE s\n", frame).results == {}  # no stderr
    assert len(decoded(*[b"\nN0NCE s\n"] * 100)._printed) == 4


def test_a_frame_forged_without_the_nonce_is_only_output() -> None:
    forged = b"\nN0NCE hello\n\nWRONG o 1\n\nWRONG end\n\nN0NCE o 1\n\nN0NCE e 1 e 0 1.00 1.00\n"
    decoder = decoded(forged)
    assert not decoder.complete
    assert decoder.results["a"].stdout == "\nWRONG o 1\n\nWRON"  # and cut at its cap
    assert decoder.results["a"].truncated


def test_frames_that_break_the_grammar_are_dropped() -> None:
    bad = [
        b"\nN0NCE o 3\n\nN0NCE e 3 e 0 1.00 1.00\n",  # no such probe
        b"\nN0NCE o 0\n\nN0NCE e 0 e 0 1.00 1.00\n",
        b"\nN0NCE o -1\n\nN0NCE e -1 e 0 1.00 1.00\n",
        b"\nN0NCE o 1\n\nN0NCE e 1 z 0 1.00 1.00\n",  # no such state
        b"\nN0NCE o 1\n\nN0NCE e 1 e x 1.00 1.00\n",  # no exit status
        b"\nN0NCE o 1\n\nN0NCE e 1 e 0 1.00\n",  # a field short
        *(b"\nN0NCE o 1\n\nN0NCE e 1 e 0 1.00 " + odd + b"\n" for odd in (b"nan", b"inf", b"1e9", b"1_0", b"9" * 20)),
        b"\nN0NCE e 1 e 0 1.00 1.00\n",  # no stdout
        b"\nN0NCE o 2\n\nN0NCE e 1 e 0 1.00 1.00\n",  # stdout of another
        b"\nN0NCE\n\nN0NCE \n",
    ]
    for frame in bad:
        assert decoded(frame).results == {}
        assert set(decoded(frame, GOOD).results) == {"a", "b"}


@given(st.lists(st.sampled_from([*GOOD.splitlines(keepends=True), b"\nN0NCE ", b"\n", b"\xff\x00"]) | st.binary()))
def test_nothing_a_vm_sends_can_stop_the_reader(pieces: list[bytes]) -> None:
    decoder = decoded(*pieces)
    assert set(decoder.results) <= {"a", "b"}
    assert all(len(seen.stdout.encode()) <= 4 * 16 for seen in decoder.results.values())


def test_noise_is_not_kept_in_memory() -> None:
    decoder = decoded(*[b"x" * 50_000] * 40)
    assert len(decoder._buffer) < 70_000
    decoder.feed(GOOD)
    assert decoder.complete


def test_no_more_is_kept_of_an_output_than_a_pipe_holds() -> None:
    decoder = decoded(b"\nN0NCE hello\n\nN0NCE b\n", b"x" * 200_000, b"\nN0NCE s\n")
    assert [len(output) for output in decoder._printed] == [65_537]
