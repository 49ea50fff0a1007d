"""Editing inside texts: what a pattern finds, leftover markup, JSON's marks, boilerplate lines.

Each step rewrites column `text` row by row: null stays null, a text of which nothing is left becomes "" (a rule on its
length drops it), no other column is touched. Rewriting leaves surplus blanks behind; `normalize` clears them.
"""
