"""Visits many VMs over SSH at once and runs one script on each: `visit_all`.

One asyncio loop, in a separate thread, dials all VMs at the same time and waits for their banners. A VM that has
sent its banner goes to one of a few worker threads, which logs in and runs the script with paramiko::

    route ────> dial, banner ──> log in ──> shell, script ──> on_end
    (reader)    (loop)           (worker)   (worker)          (loop)

The client logs in to a jump host once, and all VMs behind it share the transport. Every wait is bounded: on the loop
by a time-out, in a worker by its `Deadline`, which the loop checks ten times a second.
"""

from __future__ import annotations

import asyncio
import errno
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Any, TypeVar

from plugins.core.wording import counted
from plugins.core.worker_pool import WorkerPool
from plugins.model import SshSession, Vm
from plugins.ssh.auth import Authenticator
from plugins.ssh.config import SshConfig, default_files
from plugins.ssh.deadline import Deadline
from plugins.ssh.dial import Connection, dial, slow
from plugins.ssh.errors import CANCELLED, NO_DESCRIPTORS, OUTCOMES, ConnectionDropped, SshError
from plugins.ssh.exec import Program, Sink, open_shell, run_script
from plugins.ssh.hop import Hop
from plugins.ssh.jump import lost, open_way
from plugins.ssh.options import AFTER, Options, time_limit, visit_limit
from plugins.ssh.patience import within
from plugins.ssh.resolver import Resolver
from plugins.ssh.transport import SshTransport

__all__ = ["AFTER", "OUTCOMES", "Options", "Program", "Sink", "time_limit", "visit_all", "visit_limit"]

_AT_ONCE = 512  # VMs dialled or visited at the same time: each takes a file descriptor, and the usual limit is 1024
_RETRIES = 3  # attempts for a connection that is closed before the login
_READERS = 4  # threads for `ssh -G`, a process of a few milliseconds per VM
_TICK = 0.1  # seconds between two checks of the deadlines
_GRACE = 0.8  # seconds in which cancelled VMs may end by themselves
_QUESTION = 3.0  # seconds for a jump host's answer when a VM behind it stopped answering
#: Outcomes that a jump host itself reports, so it is up.
_CERTAIN = ("refused", "name not resolved", "unreachable")

T = TypeVar("T")
Route = tuple[Hop, ...]


def visit_all(
    vms: Sequence[Vm],
    program_for: Callable[[Vm], Program],
    sink_for: Callable[[Vm], Sink],
    options: Options,
    on_end: Callable[[Vm, SshSession], None],
    cancelled: threading.Event,
) -> None:
    """Run each VM's script on it; `on_end` is called exactly once per VM, with how it went.

    `program_for` and `sink_for` are called after the login to the VM. All callables may be called from other
    threads, several at a time; their exceptions end the run and are raised here. Failures of a VM, a key or a
    network do not raise. When `cancelled` is set, or on Ctrl-C, the run ends within about a second, and always after
    `time_limit`.
    """
    run = _Visits(vms, program_for, sink_for, options, on_end, cancelled)
    thread = threading.Thread(target=run.go, name="ssh", daemon=True)
    thread.start()
    # Not Thread.join: until Python 3.13, a Ctrl-C in it leaves a running thread marked as ended.
    try:
        while not run.over.wait(_TICK):
            pass
    except KeyboardInterrupt:
        cancelled.set()
        run.over.wait(3 * _GRACE)
        raise
    if run.error:
        raise run.error


class _Visits:
    """One `visit_all`."""

    def __init__(
        self,
        vms: Sequence[Vm],
        program_for: Callable[[Vm], Program],
        sink_for: Callable[[Vm], Sink],
        options: Options,
        on_end: Callable[[Vm, SshSession], None],
        cancelled: threading.Event,
    ) -> None:
        self.vms, self.program_for, self.sink_for, self.on_end = vms, program_for, sink_for, on_end
        self.options, self.cancelled = options, cancelled
        self.error: BaseException | None = None
        self.login = Authenticator(options.host_keys, options.login_timeout)
        self.workers, self.resolver = WorkerPool(options.workers, name="ssh worker"), Resolver()
        self.readers = WorkerPool(_READERS, name="ssh config")
        self.jumpers = WorkerPool(
            _AT_ONCE, name="ssh worker"
        )  # a thread for each jump host: a VM that needs one must not wait for a worker
        self.stopped: tuple[str, str, str] | None = None  # why the run ends early: outcome, message, remedy
        self.deadlines: set[Deadline] = set()
        self.dialling: set[asyncio.Task[Any] | None] = set()  # not in a worker: these can simply be cancelled
        self.jumps: dict[Route, asyncio.Task[SshTransport]] = {}
        self.presence: dict[Route, asyncio.Task[bool]] = {}  # whether a jump host still answers
        self.transports: list[SshTransport] = []  # of jump hosts, outermost first
        self.notes: dict[Route, str] = {}  # about their host keys
        self.over = threading.Event()

    def go(self) -> None:
        """The whole run, in the thread of its loop."""
        try:
            asyncio.run(self._main())
        except BaseException as error:  # a bug, or an exception of the caller's callables: visit_all raises it
            self.error = error
        finally:
            self.over.set()

    async def _main(self) -> None:
        self.slots = asyncio.Semaphore(_AT_ONCE)
        self.commands = asyncio.Semaphore(self.options.workers)  # a ProxyCommand is a process per VM
        config = self._config()
        tasks = [asyncio.create_task(self._visit(vm, config)) for vm in self.vms]
        everyone = asyncio.gather(*tasks)
        limit = time_limit(len(self.vms), self.options)
        end = time.monotonic() + limit
        try:
            now = time.monotonic()
            while not everyone.done():
                planned = now + _TICK
                await asyncio.wait([everyone], timeout=_TICK)
                now = time.monotonic()
                for deadline in list(self.deadlines):
                    deadline.check(now, max(0.0, now - planned))
                if self.cancelled.is_set():
                    await self._cancel(tasks, CANCELLED, config)
                elif now > end:
                    await self._cancel(tasks, _out_of_time(limit), config)
            await everyone
        finally:
            if isinstance(config, SshConfig):
                config.stop()
            for task in tasks:
                task.cancel()
            for deadline in list(self.deadlines):
                deadline.cancel()
            for transport in reversed(self.transports):
                transport.end()
            for other in (*self.jumps.values(), *self.presence.values()):
                other.cancel()
            self.workers.close()
            self.readers.close()
            self.jumpers.close()
            self.resolver.close()
            self.login.ring.close()

    async def _cancel(
        self, tasks: list[asyncio.Task[None]], words: tuple[str, str, str], config: SshConfig | SshError
    ) -> None:
        self.stopped = words
        if isinstance(config, SshConfig):
            config.stop()
        for transport in self.transports:
            transport.connection.cut()
        for deadline in list(self.deadlines):
            deadline.cancel(words)
        for waiting in list(self.dialling):
            if waiting:
                waiting.cancel()
        await asyncio.wait(tasks, timeout=_GRACE)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_GRACE)

    def _config(self) -> SshConfig | SshError:
        named = self.options.config_file
        try:
            if named:
                return SshConfig([named], required=True)
            return SshConfig(default_files())
        except SshError as failure:
            return failure

    # --- one VM -----------------------------------------------------------------------------------------------------

    async def _visit(self, vm: Vm, config: SshConfig | SshError) -> None:
        session = SshSession("cancelled")
        try:
            async with self.slots:
                session = await self._session(vm, config)
        except asyncio.CancelledError:
            session = SshSession(*(self.stopped or CANCELLED))
        self.on_end(vm, session)

    async def _session(self, vm: Vm, config: SshConfig | SshError) -> SshSession:
        address, via = vm.host, ""
        seconds: dict[str, float] = {}
        try:
            if self.stopped:  # it waited for a slot until then
                raise SshError(*self.stopped)
            if isinstance(config, SshError):
                raise config
            deadline = Deadline(self.options.reach_timeout)
            route = await self._in(self.readers, deadline, None, lambda: config.route(vm))
            address, via = route[-1].label, " > ".join(hop.label for hop in route[:-1])
            async with self.commands if route[-1].proxy_command else nullcontext():
                note = await self._retried(route, deadline, lambda: self._attempt(vm, route, deadline, seconds))
            return SshSession("ok", note, "", address, via, seconds)
        except SshError as failure:
            if self.stopped and failure.outcome == CANCELLED[0]:
                failure = SshError(*self.stopped)  # `ssh -G` was stopped
            return SshSession(failure.outcome, failure.message, failure.remedy, address, failure.via or via, seconds)
        except OSError as error:  # of this machine: no processes or descriptors left
            if error.errno in (errno.EMFILE, errno.ENFILE):
                return SshSession(*NO_DESCRIPTORS, address, via)
            return SshSession("unreachable", f"{error}.", "See ulimit -n and ulimit -u on this machine.", address, via)

    async def _attempt(self, vm: Vm, route: Route, deadline: Deadline, seconds: dict[str, float]) -> str:
        """Dial, log in and run the script; returns the note about new host keys."""
        began = time.monotonic()
        connection = await self._way(route, deadline, self.workers)
        seconds["connect"] = round(time.monotonic() - began, 3)
        note = await self._in(
            self.workers, deadline, connection, lambda: self._run_on(vm, route[-1], connection, deadline, seconds)
        )
        jumps = (self.notes.get(route[:hops], "") for hops in range(1, len(route)))
        return " ".join(text for text in (*jumps, note) if text)

    def _run_on(self, vm: Vm, hop: Hop, connection: Connection, deadline: Deadline, seconds: dict[str, float]) -> str:
        """Log in and run the script, in a worker."""
        began = time.monotonic()
        transport, note = self.login.log_in(connection, hop, deadline)
        seconds["login"] = round(time.monotonic() - began, 3)
        began = time.monotonic()
        try:
            program, sink = self.program_for(vm), self.sink_for(vm)
            channel = open_shell(transport, hop.label, deadline, self.options.login_timeout, program.command)
            limit, most = self.options.run_timeout, self.options.max_bytes
            run_script(transport, channel, hop.label, program, sink, deadline, limit, most)
        finally:
            seconds["probes"] = round(time.monotonic() - began, 3)
            transport.end()
        return note

    async def _in(
        self, pool: WorkerPool, deadline: Deadline, connection: Connection | None, work: Callable[[], T]
    ) -> T:
        """Do blocking work in a thread, under a deadline. A connection is closed when the work never starts."""
        started = False
        start = time.monotonic()

        def guarded() -> T:
            nonlocal started
            deadline.excuse(time.monotonic() - start)
            if self.stopped:
                raise SshError(*self.stopped)
            started = True
            return work()

        deadline.rest()
        deadline.connection = connection
        self.deadlines.add(deadline)
        task = asyncio.current_task()
        self.dialling.discard(task)
        try:
            return await pool.future(guarded)
        finally:
            self.deadlines.discard(deadline)
            if connection and not started:
                connection.close()

    async def _retried(self, route: Route, deadline: Deadline, attempt: Callable[[], Awaitable[T]]) -> T:
        """sshd closes connections before the login when it is busy (MaxStartups): try again, after a random pause."""
        task, hop = asyncio.current_task(), route[-1]
        for tries, pause in enumerate((*(0.3 * 2**number for number in range(_RETRIES)), None), 1):
            self.dialling.add(task)
            try:
                return await attempt()
            except SshError as failure:
                if failure.outcome not in _CERTAIN:
                    await self._see_jump_hosts(route[:-1])
                raise
            except ConnectionDropped as dropped:
                await self._see_jump_hosts(route[:-1])
                if pause is None or deadline.left < pause:
                    raise SshError(
                        "turned away",
                        f"{hop.address} port {hop.port} {dropped} ({counted(tries, 'time')}).",
                        "See the VM's sshd log (journalctl -u ssh): MaxStartups, PerSourcePenalties, or a firewall.",
                    ) from None
                self.dialling.add(task)
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # jitter, no secret
            finally:
                self.dialling.discard(task)
        raise AssertionError("the last attempt returns or raises")

    # --- the way there ----------------------------------------------------------------------------------------------

    async def _way(self, route: Route, deadline: Deadline, pool: WorkerPool) -> Connection:
        hop, limit = route[-1], self.options.connect_timeout
        if len(route) == 1:
            began = time.monotonic()
            if not hop.proxy_command:
                await self.resolver.query_sent(hop.address, hop.port, hop.connect_timeout or limit)
            deadline.excuse(time.monotonic() - began)
            try:
                async with within(deadline.left):
                    return await dial(hop, limit, self.options.login_timeout, self.resolver.addresses)
            except TimeoutError:
                raise slow(hop, self.options.reach_timeout) from None
        jump = await self._jump(route[:-1])
        via = route[-2].label
        return await self._in(pool, deadline, None, lambda: open_way(jump, via, hop, limit, deadline))

    async def _jump(self, route: Route) -> SshTransport:
        """The transport to the last hop of `route`, opened once for all VMs behind it."""
        if route not in self.jumps:
            self.jumps[route] = asyncio.create_task(self._log_in_to_jump(route))
        try:
            return await asyncio.shield(self.jumps[route])
        except SshError as failure:
            if failure.outcome == "jump host failed" or self.stopped:  # an outer jump host; its message names it
                raise
            hop = route[-1]
            raise SshError(
                "jump host failed",
                f"Jump host {hop.alias} ({hop.label}): {failure.outcome}. {failure.message}",
                failure.remedy,
                hop.label,
            ) from None

    async def _log_in_to_jump(self, route: Route) -> SshTransport:
        hop, deadline = route[-1], Deadline(self.options.reach_timeout)

        async def attempt() -> SshTransport:
            connection = await self._way(route, deadline, self.jumpers)
            transport, note = await self._in(
                self.jumpers, deadline, connection, lambda: self.login.log_in(connection, hop, deadline)
            )
            self.notes[route] = f"Jump host {hop.alias}: {note}" if note else ""
            self.transports.append(transport)
            return transport

        return await self._retried(route, deadline, attempt)

    async def _see_jump_hosts(self, route: Route) -> None:
        """After a failure behind these jump hosts: raise `SshError` when one of them has failed.

        A silent one (for example, when a network was cut) is given up at once for all VMs behind it.
        """
        for hops in range(1, 1 if self.stopped else len(route) + 1):
            way = route[:hops]
            made = self.jumps.get(way)
            if made is None or not made.done() or made.cancelled() or made.exception():
                return  # no VM got that far
            if way not in self.presence:
                self.presence[way] = asyncio.create_task(self._is_there(made.result()))
            there = await asyncio.shield(self.presence[way])
            if not there:
                raise lost(way[-1].label)
            self.presence.pop(way, None)

    async def _is_there(self, jump: SshTransport) -> bool:
        with suppress(TimeoutError):
            async with within(_QUESTION):
                if await self.jumpers.future(lambda: jump.answers(_QUESTION)):
                    return True
        jump.connection.cut()
        return False


def _out_of_time(limit: float) -> tuple[str, str, str]:
    return (
        "took too long",
        f"The time limit of the whole run, {limit:.0f} s, was reached before this VM was done.",
        "Find out what the other VMs waited for, and visit the rest with --retry-unknown.",
    )
