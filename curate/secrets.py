"""Values that come from the environment, `${env:NAME}` in a configuration, and may be written nowhere.

A configuration, its copy in the manifest and the report hold the name. Whatever else a run writes or says, reasons of
the quarantine and errors, goes through `Secrets.hidden`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

NAMED = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
SHORTEST = 4  # characters: a shorter value stands in ordinary text by chance, and is none that must be kept


@dataclass
class Secrets:
    """The values taken from the environment so far, each with its name as it stands in the configuration."""

    values: dict[str, str] = field(default_factory=dict, repr=False)

    def resolve(self, text: str) -> str:
        """`text` with each `${env:NAME}` replaced by that variable. Raises KeyError for one that is not set."""

        def value(match: re.Match[str]) -> str:
            found = os.environ[match[1]]
            if len(found) >= SHORTEST:
                self.values[found] = match[0]
            return found

        return NAMED.sub(value, text)

    def hidden(self, text: str) -> str:
        """`text` with the name in place of every value."""
        for value in sorted(self.values, key=len, reverse=True):
            text = text.replace(value, self.values[value])
        return text
