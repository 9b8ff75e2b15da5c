"""A piece of work and many names → its results in the names' order, made by several processes.

The processes are forked: each sees what the work holds (a province of millions) without a copy of it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar, cast

from yishu.errors import MachineError

Result = TypeVar("Result")


def spread(work: Callable[[str], Result], names: Sequence[str], processes: int) -> list[Result]:
    """What the work gives for each name.

    Args:
        work: draws on nothing that changes, so that it does not matter which process does what.
        names: what each call is given.
        processes: at most so many; 1: this one.

    Raises:
        MachineError: a process was killed.
    """
    if min(processes, len(names)) <= 1:
        return [work(name) for name in names]
    forks = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(min(processes, len(names)), forks, _begin, (work,)) as pool:
            return cast("list[Result]", list(pool.map(_done, names)))
    except BrokenProcessPool as error:
        raise MachineError(
            "a process that wrote the sample was killed", code="sample", expected="memory for each process",
            remedy="write fewer rows or name fewer datasets",
        ) from error  # fmt: skip


_given: list[Callable[[str], object]] = []
"""In a process of the pool: its work, which cannot be sent to it."""


def _begin(work: Callable[[str], object]) -> None:
    _given[:] = [work]


def _done(name: str) -> object:
    return _given[0](name)
