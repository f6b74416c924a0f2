"""Where tasks run: in this process, in processes of this machine, or on the workers of a Dask scheduler.

An engine is opened for a run and gives a function that takes a task and its argument lists and yields
results as they come. Tasks are independent and may run twice (each leaves its result whole, once), so an
engine may repeat a task whose worker died.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import Any

from risk.errors import BadSetting, Refused

__all__ = ["Engine", "Run", "cluster", "joblib_on", "processes", "serial"]

Run = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], Iterator[Any]]
Engine = Callable[[], AbstractContextManager[Run]]


@contextmanager
def serial() -> Iterator[Run]:
    """One task after another, in this process.

    >>> with serial() as run:
    ...     print(list(run(max, [(1, 2), (5, 3)])))
    [2, 5]
    """
    yield lambda function, tasks: (function(*task) for task in tasks)


def processes(count: int) -> Engine:
    """Tasks in `count` processes of this machine, which live as long as the run."""

    @contextmanager
    def engine() -> Iterator[Run]:
        fresh = multiprocessing.get_context("spawn")  # a forked copy of threads and compiled loops is unsafe
        with ProcessPoolExecutor(count, mp_context=fresh) as pool:
            try:
                yield lambda function, tasks: _as_they_come(pool, function, tasks)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    return serial if count == 1 else engine


def _as_they_come(
    pool: ProcessPoolExecutor, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]
) -> Iterator[Any]:
    try:
        for done in as_completed([pool.submit(function, *task) for task in tasks]):
            yield done.result()
    except BrokenProcessPool:
        raise Refused(
            "A worker process ended before its task was done (out of memory, or stopped from outside). "
            "Finished parts are kept: run the same command again to go on."
        ) from None


def cluster(address: str) -> Engine:
    """Tasks on the workers of a Dask scheduler; they must see the same files and have this package.

    Raises
    ------
    risk.errors.BadSetting
        When the extra is not installed, or (when the engine is opened) no scheduler answers there.
    """
    _distributed(address)

    @contextmanager
    def engine() -> Iterator[Run]:
        from distributed import as_completed

        with _client(address) as client:

            def run(function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
                futures = [client.submit(function, *task, pure=False, retries=3) for task in tasks]
                for done in as_completed(futures, loop=client.loop):
                    yield done.result()

            yield run

    return engine


@contextmanager
def joblib_on(address: str | None) -> Iterator[None]:
    """Within the block joblib's `Parallel`, and so scikit-learn's searches, work on a scheduler's workers.

    None changes nothing. Errors: as for `cluster`.
    """
    if address is None:
        yield
        return
    import joblib

    with _client(address) as client, joblib.parallel_config(backend="dask", client=client, n_jobs=-1):
        yield


def _distributed(address: str) -> None:
    if find_spec("distributed") is None:
        raise BadSetting(
            "cluster",
            got=address,
            expected="the extra [cluster] to be installed",
            todo="Install it with: pip install 'postal-risk-workbench[cluster]'.",
        )


@contextmanager
def _client(address: str) -> Iterator[Any]:
    _distributed(address)
    from distributed import Client

    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        first = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise BadSetting(
            "cluster",
            got=address,
            expected=f"the address of a Dask scheduler ({first})",
            todo="Nothing was done.",
        ) from None
    with client:
        yield client
