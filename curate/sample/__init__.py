"""A small crawl written for this project: about 300 pages, English and Chinese, with something for every step to do.

`crawl.warc.gz` is the output of `curate.sample.generate`. No text in it was taken from anywhere; people, places, shops
and hosts are invented. `generate.truth()` says of every page what it was made to be.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def sample_crawl() -> Path:
    """Where the sample crawl lies: `crawl.warc.gz` beside this file.

    Raises FileNotFoundError, with what to do, if the file did not come with the installation.
    """
    path = Path(str(files(__name__) / "crawl.warc.gz"))
    if not path.is_file():
        raise FileNotFoundError(
            f"the sample crawl is missing from this installation: expected {path}. "
            f"Write it anew with: python -m curate.sample.generate {path}"
        )
    return path
