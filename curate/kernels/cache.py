"""Where compiled kernels are kept: a folder that is named after the contents of all kernel sources.

numba's own cache knows one source file per function: a kernel that calls a kernel of another file, or freezes a table
of another module, is found again, stale, when only that other file changed; and what lies beside the sources is lost
with each reinstallation. Here everything the machine code can depend on is in its name, so that what is found is right:
the folder is the sources and the version of numba, the file is the function, its types, its byte code and the
processor. A name that says it all needs no index either, and so processes that compile side by side cannot mix up
their results, as they can in numba's (two of them may give two signatures of one function the same number).

What is kept is what numba writes, pickles: the folder is for its owner alone, and one that is not is left alone.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import caching

from curate.compiling import NotCompiled, is_allowed

SOURCES = Path(__file__).parent
GENERATIONS_KEPT = 2  # this one, and the one before it: two checkouts or versions can take turns
PRIVATE = 0o700


@functools.cache
def generation() -> str:
    """What every kernel's machine code depends on, in 32 letters: the sources of all kernels, and who compiles them."""
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    for path in sorted(SOURCES.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(SOURCES).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


@functools.cache
def folder() -> Path | None:
    """The folder of this generation, made if need be; None where no place for it can be written or trusted."""
    for place in _places():
        with contextlib.suppress(OSError):
            if _is_private(place):
                path = place / generation()
                known = path.is_dir()
                path.mkdir(exist_ok=True)
                if os.access(path, os.W_OK):
                    os.utime(path)  # it is in use: the newest
                    if not known:
                        _forget_old(place)
                return path
    return None


def _places() -> Iterator[Path]:
    """Where the generations may lie, the best place first."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen) / "llmsapp-kernels"
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        yield Path(chosen) / "llmsapp" / "kernels"
    with contextlib.suppress(RuntimeError):  # a user without a home
        yield Path.home() / ".cache" / "llmsapp" / "kernels"


def _is_private(place: Path) -> bool:
    """Make `place` if it is not there. Whether it is ours and closed to others: what lies there is run as it is."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.mkdir(mode=PRIVATE, exist_ok=True)
    found = place.stat()
    if found.st_uid != os.geteuid():
        return False
    if stat.S_IMODE(found.st_mode) & ~PRIVATE:
        place.chmod(PRIVATE)
    return True


def _forget_old(place: Path) -> None:
    """Remove all generations but the newest; a process that still uses one compiles what it misses."""
    found = sorted((path for path in place.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in found[:-GENERATIONS_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


class KernelCache(caching.NullCache):  # type: ignore[misc,unused-ignore]
    """What a numba dispatcher asks for compiled code. Nothing is looked for before the first call of the kernel.

    Where our own folder cannot be had, numba's places serve (`__pycache__` first); where these cannot either, nothing
    is kept. A file that cannot be read, cut short by a full disk for one, counts as missing and is written anew.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    @functools.cached_property
    def kept(self) -> Any | None:
        """numba's cache of this one function; None where there is no place for it."""
        try:
            return _FunctionCache(self.function)
        except (RuntimeError, OSError):
            return None

    @property
    def cache_path(self) -> str | None:
        return self.kept.cache_path if self.kept else None

    def load_overload(self, sig: Any, target_context: Any) -> Any | None:
        found = None
        if self.kept:
            with contextlib.suppress(Exception):
                found = self.kept.load_overload(sig, target_context)
        if found is None and not is_allowed():
            raise NotCompiled(f"{self.function.__module__}.{self.function.__qualname__}{sig}")
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        if self.kept:
            with contextlib.suppress(OSError):  # a full or removed disk: compiled again next time
                self.kept.save_overload(sig, data)

    def flush(self) -> None:
        if self.kept:
            self.kept.flush()


class _Locator(caching._CacheLocator):  # type: ignore[misc,unused-ignore]
    """Our folder, as numba asks for it."""

    def __init__(self, function: Callable[..., Any], file: str, path: Path) -> None:
        self._py_file = file  # numba names it in a warning
        self._path = path
        self._function = function

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator | None:
        path = folder()
        return None if path is None or not Path(py_file).is_file() else cls(py_func, py_file, path)

    def ensure_cache_path(self) -> None:
        self._path.mkdir(exist_ok=True)  # as long as this process ran, two newer generations may have come

    def get_cache_path(self) -> str:
        return str(self._path)

    def get_source_stamp(self) -> str:
        """Its own file too, for a kernel that is none of ours."""
        return hashlib.sha256(Path(self._py_file).read_bytes()).hexdigest()

    def get_disambiguator(self) -> str:
        return f"{self._function.__module__}-{self._function.__code__.co_firstlineno}"


class _Places(caching.CompileResultCacheImpl):  # type: ignore[misc,unused-ignore]
    # Ours stands for numba's own way with NUMBA_CACHE_DIR, which does not ask whose folder it is.
    _locator_classes = (
        _Locator,
        *(c for c in caching.CompileResultCacheImpl._locator_classes if "UserProvided" not in c.__name__),
    )


class _OneFilePerOverload(caching.IndexDataCacheFile):  # type: ignore[misc,unused-ignore]
    """Machine code under a name that says all it depends on."""

    def __init__(self, cache_path: str, filename_base: str, source_stamp: str) -> None:
        super().__init__(cache_path, filename_base, source_stamp)
        self._base = filename_base

    def _name(self, key: Any) -> str:
        said = hashlib.sha256(repr((self._source_stamp, key)).encode()).hexdigest()[:32]
        return f"{self._base}.{said}.nbc"

    def load(self, key: Any) -> Any | None:
        try:
            return self._load_data(self._name(key))
        except FileNotFoundError:
            return None

    def save(self, key: Any, data: Any) -> None:
        self._save_data(self._name(key), data)

    def flush(self) -> None:
        for path in Path(self._cache_path).glob(f"{self._base}.*.nbc"):
            path.unlink(missing_ok=True)


class _FunctionCache(caching.FunctionCache):  # type: ignore[misc,unused-ignore]
    _impl_class = _Places

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        locator = self._impl.locator
        name, stamp = self._impl.filename_base, locator.get_source_stamp()
        if isinstance(locator, _Locator):
            self._cache_file = _OneFilePerOverload(self._cache_path, name, stamp)
        else:
            self._cache_file = caching.IndexDataCacheFile(self._cache_path, name, (generation(), stamp))
