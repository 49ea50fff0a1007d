"""Instruction sets: read, check, convert, and mine from curated text. Alpaca and LIMA meet in one form, `messages`."""
