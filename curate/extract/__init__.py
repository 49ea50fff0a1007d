"""From a page's markup to its main text."""

from curate.extract.engines import ExtractHtml, extract_html

__all__ = ["ExtractHtml", "extract_html"]
