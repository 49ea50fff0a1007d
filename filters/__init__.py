"""Signals and presets: what is measured of a text, and published sets of rules over it.

`pieces` counts, once, what the others read; `length`, `quality` and `language` are signals; `presets` returns rules;
`fasttext_models` makes a signal of any fastText classifier.
"""
