"""What the kernel counts of a process: its CPU time and its peak memory."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_WHOLE_PROCESS = 2
_PARENT, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 13, 14
"""Places in /proc/PID/stat after the name."""


def _stat(pid: int | str) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process, those that ended too, in nanosecond steps.

    It is the sum of `utime` and `stime` in /proc/PID/stat, which count in steps of 10 ms.
    """
    return time.clock_gettime(~pid << 3 | _WHOLE_PROCESS)


def family_cpu_seconds(pid: int) -> float:
    """That of a process and its children, those that ended too."""
    stat = _stat(pid)
    ended = (int(stat[_CHILDREN_USER]) + int(stat[_CHILDREN_SYSTEM])) / _TICKS
    return cpu_seconds(pid) + ended + sum(map(cpu_seconds, _children(pid)))


def _children(pid: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int(_stat(folder.name)[_PARENT]) == pid:
                    yield int(folder.name)
            except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                continue


def resident_megabytes(pid: int) -> float:
    """The memory that a process holds now: `VmRSS`."""
    return int(_status(pid, "VmRSS")) / 1024


def threads(pid: int) -> int:
    """How many threads a process has."""
    return int(_status(pid, "Threads"))


def descriptors(pid: int) -> int:
    """How many files, sockets and the like a process has open."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


def _status(pid: int, name: str) -> str:
    """The number that the kernel calls so."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.split()[1]
    raise ProcessLookupError(pid)


def forget_peak_memory(pid: int) -> None:
    """Begin to count the peak anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_megabytes(pid: int) -> float:
    """The most memory that a process held at once since then: `VmHWM`."""
    return int(_status(pid, "VmHWM")) / 1024
