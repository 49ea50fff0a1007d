"""The report, shown: one offline HTML page (`render`) and a summary for the terminal (`terminal`).

Both read the report as plain data (`report.json`, version 1) and know nothing of pipelines, so that trainers
can use them too.
Importing this package imports neither jinja2 nor rich.
"""

from __future__ import annotations

from curate.page.render import render_page, write_page
from curate.page.terminal import print_summary, summary

__all__ = ["print_summary", "render_page", "summary", "write_page"]
