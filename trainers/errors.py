"""What can go wrong in a trainer, as one sentence and one exit code.

Exit codes are those of the command: 1 the work failed, 2 wrong configuration or use, 3 input missing or unreadable,
5 the environment (a missing package, disk, permission, memory, a busy folder), 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

FAILED, CONFIGURATION, INPUT, ENVIRONMENT, INTERRUPTED, TERMINATED = 1, 2, 3, 5, 130, 143

# Import names of the packages of the extra `train`; one of them missing is a matter of installing, not of code.
EXTRA = ("torch", "safetensors", "tiktoken", "tokenizers")


class TrainerError(Exception):
    """Something a user can put right; its text says what was wrong, where, what was expected, what to do."""

    exit_code = FAILED


class ConfigurationError(TrainerError):
    """The configuration or the use of a command is wrong."""

    exit_code = CONFIGURATION


class InputError(TrainerError):
    """Data, a tokenizer or a checkpoint is missing, unfinished, damaged, or belongs to something else."""

    exit_code = INPUT


class Busy(TrainerError):
    """Another process is at the same work."""

    exit_code = ENVIRONMENT


@contextlib.contextmanager
def reported() -> Iterator[None]:
    """Turn what can go wrong in the body into a line on standard error and an exit code."""
    try:
        yield
    except TrainerError as error:
        _stop(error.exit_code, str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in EXTRA:
            raise
        _stop(ENVIRONMENT, f"the package `{error.name}` is not installed: pip install 'llmsapp[train]'")
    except MemoryError:
        _stop(ENVIRONMENT, "out of memory: use a smaller model, a shorter context or fewer rows per step")
    except OSError as error:
        _stop(ENVIRONMENT, str(error))


def _stop(code: int, message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)
