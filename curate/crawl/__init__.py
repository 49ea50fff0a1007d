"""A polite crawler: from addresses to a WARC that `curate.read.warc` reads, and to books of ordered chapters.

scrapy does the crawling: connections, robots.txt (protego), delays, retries, redirects, compression, the queue. Ours is
what it has not:

    addresses.py     which network addresses may be asked, looked at where a name becomes an address
    archive.py       the WARC: written exchange by exchange, known again after a kill
    middlewares.py   scrapy's way of a request, with the archive, robots.txt to the letter, and what a page may cost
    pacing.py        how often a host is asked
    traps.py         the addresses that are not taken: other sites, endless calendars, what grows on itself
    urls.py          one spelling per page, and the shape of an address
    missed.py        why a page could not be had, in words
    pages.py         a response decoded as `llmsapp run` will decode it
    markup.py        links and text by CSS selectors, and what to show when a selector finds nothing
    walk.py          what the spiders share: starting, counting, giving up
    site.py          the spider that walks sites, breadth first
    book.py          the spider that reads a contents page and its chapters in order
    crawling.py      one crawl from start to end: scrapy's settings, all of them, and its reactor
    command.py       `llmsapp crawl`
"""

from __future__ import annotations
