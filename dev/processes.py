"""Child processes that do not outlive their launcher: they die with it, carry the mark of its folder and are found
again by it after a crash. Never ends a process that does not belong to the folder.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

# Every child carries its base folder in this variable, so a reused pid is never mistaken for one of ours.
MARK = "WHATSAPP_INBOX_FOLDER"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
ALARMING = ("FATAL", "PANIC", "Error", "error:")
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Refused(Exception):  # noqa: N818 - said by a launcher to a person
    """Something a person has to put right; the message is one clear sentence and replaces any traceback."""


class Child:
    """One process in a session of its own, so that Ctrl-C reaches the launcher alone, with one fresh log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        base: Path,
        env: Mapping[str, str] | None = None,
        stdin: bytes | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        orphan_signal: signal.Signals = signal.SIGKILL,
        prepare: Callable[[], object] | None = None,
        **popen: Any,
    ) -> None:
        """Start it, from the main thread: Linux sends the orphan signal when the *thread* that forked ends.

        `orphan_signal` reaches it when the launcher is killed (Linux only); `prepare` runs in the forked child
        before that is arranged; `popen` goes to subprocess.Popen.
        """
        self.name, self.stop_signal = name, stop_signal
        self.log = base / "logs" / f"{name}.log"
        self.log.parent.mkdir(exist_ok=True)
        parent = os.getpid()

        def before_exec() -> None:
            if prepare:
                prepare()
            die_with(parent, orphan_signal)  # last: a change of user clears it

        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, **(env or {}), MARK: str(base)},
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=before_exec,
                **popen,
            )
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError), self.process.stdin as pipe:  # closing writes, too
                pipe.write(stdin or b"")

    def until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait for `ready`; Refused, naming the log, when the process ends before or the time is over."""
        end = time.monotonic() + seconds
        while not ready():
            check_stop()
            if self.ended(within=0.05):
                raise Refused(f"{self.name} ended while starting: {self.complaint()}")
            if time.monotonic() > end:
                raise Refused(f"{self.name} was not ready after {seconds:.0f} seconds: {self.complaint()}")

    def ended(self, *, within: float = 0) -> bool:
        """Whether the process has ended, waiting up to so many seconds for it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(within)
        return self.process.returncode is not None

    def finish(self) -> None:
        """Wait for the end of a one-off command; Refused when it fails. Stops it when the wait is interrupted."""
        try:
            while not self.ended(within=0.2):
                check_stop()
        finally:
            self.stop()
        if self.process.returncode:
            raise Refused(f"{self.name} failed: {self.complaint()}")

    def stop(self, *, patience: float = 10) -> None:
        """Ask it to end, and kill it after so many seconds."""
        if not self.ended():
            self.process.send_signal(self.stop_signal)
            if not self.ended(within=patience):
                self.kill()

    def kill(self) -> None:
        """End it the hard way (SIGKILL), as a crash would."""
        self.process.kill()
        self.process.wait()

    def complaint(self) -> str:
        """How it ended or the last line of its log that says something, and where the log is."""
        if self.process.returncode == -signal.SIGKILL:  # of this one it cannot have written anything
            return f"it was killed (log: {self.log})"
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        loud = [line.strip() for line in lines if any(word in line for word in ALARMING)]
        return f"{(loud or lines or ['it said nothing'])[-1]} (log: {self.log})"


# The signal that asked us to stop, once there was one.
_stop: list[int] = []


def stop_on_signals() -> None:
    """Turn the first SIGINT, SIGTERM or SIGHUP into SystemExit, so that with-blocks end.

    Later ones are ignored, so that nothing cuts the ending short; a SIGHUP that nohup silenced stays silent.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_signal)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    _stop.append(number)
    if len(_stop) == 1:
        check_stop()


def check_stop() -> None:
    """Raise SystemExit when a signal asked us to stop. Every wait for a child calls it again and again, because
    Python swallows what a handler raises while it runs the hooks after a fork. Cleaning up must not call it."""
    if _stop:
        raise SystemExit(128 + _stop[0])


def die_with(parent: int, orphan_signal: signal.Signals) -> None:
    """Have the kernel send this process the signal when its parent ends, however it ends (Linux only)."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, orphan_signal)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)


@contextlib.contextmanager
def locked(base: Path) -> Iterator[None]:
    """Hold the folder for this process; Refused when another one holds it. The kernel lets go whatever happens."""
    with (base / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise Refused(f"{base} is in use by process {lock.read() or '?'}; stop that one first.") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_locked(base: Path) -> bool:
    """Whether a launcher runs in this folder just now."""
    try:
        with locked(base):
            return False
    except FileNotFoundError:
        return False
    except Refused:
        return True


def end_leftovers(base: Path) -> None:
    """End what a killed launcher left in this folder: politely, then not. Call it under the lock."""
    left = [process for process in psutil.process_iter() if _belongs(process, base)]
    for process in left:
        # To PostgreSQL this means a fast shutdown; on SIGTERM it would wait for its clients.
        _signal(process, signal.SIGINT)
    end = time.monotonic() + 10
    while left := [process for process in left if is_alive(process)]:
        psutil.wait_procs(left, timeout=0.05)
        if time.monotonic() > end:
            for process in left:
                _signal(process, signal.SIGKILL)


def is_alive(process: psutil.Process) -> bool:
    """False for a zombie too: where PID 1 reaps nothing (many containers) the dead keep their pid for ever."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _belongs(process: psutil.Process, base: Path) -> bool:
    with contextlib.suppress(psutil.Error, OSError):
        # PostgreSQL's backends write their title over their environment; they sit in the data folder.
        if process.name() == "postgres":
            return Path(process.cwd()) == base / "postgres" / "data"
        return bool(process.environ().get(MARK) == str(base))
    return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody uses, below the range from which a client's own connection could take it."""
    for port in random.sample(range(10_000, 30_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Refused("None of 100 ports tried on 127.0.0.1 is free.")


def check_port(port: int, *, variable: str) -> None:
    """Refused when somebody else listens on the port; `variable` is the setting that chooses another one."""
    with socket.socket() as probe:
        # As the server does: connections of the last run still in TIME_WAIT are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise Refused(f"Port {port} {reason}; choose another one: {variable}={port + 10}") from None
