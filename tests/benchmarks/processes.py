"""CPU time and memory of a process, as the kernel counts them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_WHOLE_PROCESS = 2
_PARENT, _CHILDREN_USER, _CHILDREN_SYSTEM = 1, 13, 14
"""Positions in /proc/PID/stat after the name."""


def _read_stat(pid: int | str) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def get_cpu_seconds(pid: int) -> float:
    """Return user and system time of all threads of a process, also of ended ones, in nanosecond steps.

    It is the sum of `utime` and `stime` in /proc/PID/stat, which count in steps of 10 ms.
    """
    return time.clock_gettime(~pid << 3 | _WHOLE_PROCESS)


def get_tree_cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its children, also of ended ones."""
    stat = _read_stat(pid)
    ended = (int(stat[_CHILDREN_USER]) + int(stat[_CHILDREN_SYSTEM])) / _TICKS
    return get_cpu_seconds(pid) + ended + sum(map(get_cpu_seconds, _find_children(pid)))


def _find_children(pid: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int(_read_stat(folder.name)[_PARENT]) == pid:
                    yield int(folder.name)
            except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                continue


def get_resident_megabytes(pid: int) -> float:
    """Return the current memory of a process: `VmRSS`."""
    return int(_read_status(pid, "VmRSS")) / 1024


def count_threads(pid: int) -> int:
    """Return the number of threads of a process."""
    return int(_read_status(pid, "Threads"))


def count_descriptors(pid: int) -> int:
    """Return the number of open file descriptors of a process."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


def _read_status(pid: int, name: str) -> str:
    """Return the number with this name in /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.split()[1]
    raise ProcessLookupError(pid)


def reset_peak_memory(pid: int) -> None:
    """Reset the peak memory of a process."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def get_peak_megabytes(pid: int) -> float:
    """Return the peak memory of a process since the last reset: `VmHWM`."""
    return int(_read_status(pid, "VmHWM")) / 1024
