"""Visits many VMs over SSH at once and runs one script on each: `visit_all`.

One asyncio loop, in a thread of its own, dials every VM at the same time and waits for its banner. A VM that has
shown it goes to one of a few worker threads, which logs in and runs the script with paramiko::

    route ──> dial, banner ──> log in ──> shell, script ──> on_end
    (config)  (loop)           (worker)   (worker)          (loop)

A jump host is logged in to once, and its link is shared by all VMs behind it. Every wait is bounded: on the loop by a
time-out, in a worker by its `Guard`, which the loop looks at ten times a second.
"""

from __future__ import annotations

import asyncio
import queue
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from plugins.inventory import Vm
from plugins.model import Session
from plugins.ssh_config import Config, Hop
from plugins.ssh_dial import Address, Line, dial, is_address, resolve_now
from plugins.ssh_host_keys import HostKeys
from plugins.ssh_jump import open_way
from plugins.ssh_link import Guard, Link
from plugins.ssh_login import Login
from plugins.ssh_script import COMMAND, Sink, open_shell, run_script
from plugins.ssh_words import CANCELLED, OUTCOMES, Dropped, Failure
from plugins.windows import command as windows

__all__ = ["COMMAND", "OUTCOMES", "Options", "Sink", "visit_all"]

_AT_ONCE = 512  # VMs dialled or visited at the same time: each is a file descriptor, and the usual limit is 1024
_RETRIES = 3  # of a connection that was closed before the login
_RESOLVERS = 16  # threads for DNS
_TICK = 0.1  # seconds between two looks at the guards
_GRACE = 0.8  # seconds that cancelled VMs have to end by themselves

T = TypeVar("T")
Route = tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How to visit. All times in seconds."""

    run_timeout: float  # for the whole script
    config_file: Path | None = None  # instead of ~/.ssh/config and /etc/ssh/ssh_config
    host_keys: HostKeys = "strict"  # strict | accept-new | off
    connect_timeout: float = 10.0  # name resolution and TCP, each; ConnectTimeout of the configuration wins
    login_timeout: float = 15.0  # the banner, and then key exchange and login, each
    max_bytes: int = 4 * 1024 * 1024  # of stdout and stderr, per VM
    # VMs that are logged in at the same time. They share a proxy and, often, hosts: with 64 at once a lab of 100 VMs
    # made its own proxy time out, and no fleet of 100 was visited sooner than with 24.
    workers: int = 24


def visit_all(
    vms: Sequence[Vm],
    script_for: Callable[[Vm], bytes],
    sink_for: Callable[[Vm], Sink],
    options: Options,
    on_end: Callable[[Vm, Session], None],
    cancelled: threading.Event,
) -> None:
    """Run each VM's script on it; `on_end` is called exactly once per VM, with how it went.

    `script_for` and `sink_for` are asked once a shell has started on the VM. All callables may be called from other
    threads, several at a time; an exception of theirs ends the run and is raised here. Nothing that a VM, a key or a
    network does raises. When `cancelled` is set, or on Ctrl-C, all ends within about a second.
    """
    run = _Run(vms, script_for, sink_for, options, on_end, cancelled)
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


class _Pool:
    """Daemon threads, so that one that hangs (a resolver does) cannot keep the process from ending."""

    def __init__(self, size: int) -> None:
        self.size, self.threads = size, 0
        self.jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def do(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Queue a job; the future is of the running loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def job() -> None:
            result: T | None = None
            error: BaseException | None = None
            try:
                result = work()
            except BaseException as caught:  # it goes to whoever awaits the future
                error = caught

            def deliver() -> None:
                if future.done():
                    return
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(result)  # type: ignore[arg-type]  # no error: it is a T

            with suppress(RuntimeError):  # the loop is gone: nobody waits any more
                loop.call_soon_threadsafe(deliver)

        self.jobs.put(job)
        if self.threads < self.size:
            self.threads += 1
            threading.Thread(target=self._work, name="ssh worker", daemon=True).start()
        return future

    def close(self) -> None:
        for _ in range(self.threads):
            self.jobs.put(None)

    def _work(self) -> None:
        while job := self.jobs.get():
            job()


class _Run:
    """One `visit_all`."""

    def __init__(
        self,
        vms: Sequence[Vm],
        script_for: Callable[[Vm], bytes],
        sink_for: Callable[[Vm], Sink],
        options: Options,
        on_end: Callable[[Vm, Session], None],
        cancelled: threading.Event,
    ) -> None:
        self.vms, self.script_for, self.sink_for, self.on_end = vms, script_for, sink_for, on_end
        self.options, self.cancelled = options, cancelled
        self.error: BaseException | None = None
        self.login = Login(options.host_keys, options.login_timeout)
        self.workers, self.resolvers = _Pool(options.workers), _Pool(_RESOLVERS)
        self.guards: set[Guard] = set()
        self.dialling: set[asyncio.Task[Any] | None] = set()  # not in a worker: these can simply be cancelled
        self.jumps: dict[Route, asyncio.Task[Link]] = {}
        self.links: list[Link] = []  # of jump hosts, outermost first
        self.notes: dict[Route, str] = {}  # about their host keys
        self.over = threading.Event()
        self.names: dict[tuple[str, int], asyncio.Future[list[tuple[int, Address]]]] = {}

    def go(self) -> None:
        """The whole run, in the thread of its loop."""
        try:
            asyncio.run(self._main())
        except BaseException as error:  # a bug, or an exception of the caller's callables: raised by visit_all
            self.error = error
        finally:
            self.over.set()

    async def _main(self) -> None:
        self.slots = asyncio.Semaphore(_AT_ONCE)
        self.commands = asyncio.Semaphore(self.options.workers)  # a ProxyCommand is a process per VM
        config = self._config()
        tasks = [asyncio.create_task(self._visit(vm, config)) for vm in self.vms]
        everyone = asyncio.gather(*tasks)
        try:
            while not everyone.done():
                await asyncio.wait([everyone], timeout=_TICK)
                now = time.monotonic()
                for guard in list(self.guards):
                    guard.check(now)
                if self.cancelled.is_set():
                    await self._cancel(tasks)
            await everyone
        finally:
            for task in tasks:
                task.cancel()
            for guard in list(self.guards):
                guard.cancel()
            for link in reversed(self.links):
                link.end()
            for jump in self.jumps.values():
                jump.cancel()
            self.workers.close()
            self.resolvers.close()
            self.login.ring.close()

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        for link in self.links:
            link.line.cut()
        for guard in list(self.guards):
            guard.cancel()
        for waiting in list(self.dialling):
            if waiting:
                waiting.cancel()
        await asyncio.wait(tasks, timeout=_GRACE)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_GRACE)

    def _config(self) -> Config | Failure:
        named = self.options.config_file
        try:
            if named:
                return Config([named], required=True)
            return Config([Path.home() / ".ssh" / "config", Path("/etc/ssh/ssh_config")])
        except Failure as failure:
            return failure

    # --- one VM -----------------------------------------------------------------------------------------------------

    async def _visit(self, vm: Vm, config: Config | Failure) -> None:
        session = Session("cancelled")
        try:
            async with self.slots:
                session = await self._session(vm, config)
        except asyncio.CancelledError:
            session = Session(*CANCELLED)
        self.on_end(vm, session)

    async def _session(self, vm: Vm, config: Config | Failure) -> Session:
        address, via = vm.host, ""
        seconds: dict[str, float] = {}
        try:
            if self.cancelled.is_set():  # it waited for its slot until then
                raise Failure(*CANCELLED)
            if isinstance(config, Failure):
                raise config
            route = config.route(vm)
            address, via = route[-1].label, " > ".join(hop.label for hop in route[:-1])
            async with self.commands if route[-1].proxy_command else nullcontext():
                note = await self._retried(route[-1], lambda: self._attempt(vm, route, seconds))
            return Session("ok", note, "", address, via, seconds)
        except Failure as failure:
            return Session(failure.outcome, failure.message, failure.remedy, address, failure.via or via, seconds)
        except OSError as error:  # of this machine: no processes or descriptors left
            return Session("unreachable", f"{error}.", "See ulimit -n and ulimit -u on this machine.", address, via)

    async def _attempt(self, vm: Vm, route: Route, seconds: dict[str, float]) -> str:
        """Dial, log in and run the script; returns the note about host keys that were new."""
        began = time.monotonic()
        guard = Guard()
        line = await self._way(route, guard)
        seconds["connect"] = round(time.monotonic() - began, 3)
        note = await self._in_worker(guard, line, lambda: self._run_on(vm, route[-1], line, guard, seconds))
        jumps = (self.notes.get(route[:hops], "") for hops in range(1, len(route)))
        return " ".join(text for text in (*jumps, note) if text)

    def _run_on(self, vm: Vm, hop: Hop, line: Line, guard: Guard, seconds: dict[str, float]) -> str:
        """Log in and run the script, in a worker."""
        began = time.monotonic()
        link, note = self.login.log_in(line, hop, guard)
        seconds["login"] = round(time.monotonic() - began, 3)
        began = time.monotonic()
        try:
            command = windows.COMMAND if vm.os == "windows" else COMMAND
            channel = open_shell(link, hop.label, guard, self.options.login_timeout, command)
            script, sink = self.script_for(vm), self.sink_for(vm)
            limit, most = self.options.run_timeout, self.options.max_bytes
            run_script(link, channel, hop.label, script, sink, guard, limit, most)
        finally:
            seconds["probes"] = round(time.monotonic() - began, 3)
            link.end()
        return note

    async def _in_worker(self, guard: Guard, line: Line | None, work: Callable[[], T]) -> T:
        """Do blocking work under a guard. A line that the work never got to is closed."""
        started = False

        def guarded() -> T:
            nonlocal started
            if self.cancelled.is_set():
                raise Failure(*CANCELLED)
            started = True
            return work()

        guard.line = line
        self.guards.add(guard)
        task = asyncio.current_task()
        self.dialling.discard(task)
        try:
            return await self.workers.do(guarded)
        finally:
            self.guards.discard(guard)
            if line and not started:
                line.close()

    async def _retried(self, hop: Hop, attempt: Callable[[], Awaitable[T]]) -> T:
        """sshd closes connections before the login when it is busy (MaxStartups): try again, after a random pause."""
        task = asyncio.current_task()
        for pause in (*(0.3 * 2**number for number in range(_RETRIES)), None):
            self.dialling.add(task)
            try:
                return await attempt()
            except Dropped as dropped:
                if pause is None:
                    raise Failure(
                        "turned away",
                        f"{hop.address} port {hop.port} {dropped} ({_RETRIES + 1} times).",
                        "See the VM's sshd log (journalctl -u ssh): MaxStartups, PerSourcePenalties, or a firewall.",
                    ) from None
                self.dialling.add(task)
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # jitter, no secret
            finally:
                self.dialling.discard(task)
        raise AssertionError("the last attempt returns or raises")

    # --- the way there ----------------------------------------------------------------------------------------------

    async def _way(self, route: Route, guard: Guard) -> Line:
        hop = route[-1]
        if len(route) == 1:
            return await dial(hop, self.options.connect_timeout, self.options.login_timeout, self._resolve)
        jump = await self._jump(route[:-1])
        limit = self.options.connect_timeout
        via = route[-2].label
        return await self._in_worker(guard, None, lambda: open_way(jump, via, hop, limit, guard))

    async def _jump(self, route: Route) -> Link:
        """The link to the last hop of `route`, made once for all VMs behind it."""
        if route not in self.jumps:
            self.jumps[route] = asyncio.create_task(self._log_in_to_jump(route))
        try:
            return await asyncio.shield(self.jumps[route])
        except Failure as failure:
            if failure.outcome in ("jump host failed", "cancelled"):  # one further out; it says which
                raise
            hop = route[-1]
            raise Failure(
                "jump host failed",
                f"Jump host {hop.alias} ({hop.label}): {failure.outcome}. {failure.message}",
                failure.remedy,
                hop.label,
            ) from None

    async def _log_in_to_jump(self, route: Route) -> Link:
        hop = route[-1]

        async def attempt() -> Link:
            guard = Guard()
            line = await self._way(route, guard)
            link, note = await self._in_worker(guard, line, lambda: self.login.log_in(line, hop, guard))
            self.notes[route] = f"Jump host {hop.alias}: {note}" if note else ""
            self.links.append(link)
            return link

        return await self._retried(hop, attempt)

    def _resolve(self, host: str, port: int) -> asyncio.Future[list[tuple[int, Address]]]:
        """The addresses of a name; asked once per run."""
        if (host, port) not in self.names:
            if is_address(host):
                self.names[host, port] = asyncio.get_running_loop().create_future()
                self.names[host, port].set_result(resolve_now(host, port))
            else:
                self.names[host, port] = self.resolvers.do(lambda: resolve_now(host, port))
        return asyncio.shield(self.names[host, port])
