"""From a page's markup to its text blocks in one pass over the bytes: no tree is built, and time is linear.

scan        bytes to look for, names, quoted values
names       what each element and attribute means
references  `&amp;` and its kin
characters  what a character is to a reader: a letter, a mark, a blank
hints       words in classes and ids that tell content from the rest
tags        one tag: the attributes that matter
blocks      the pass itself: blocks of text, and the elements that they stand in
features    a row of small numbers per question that the model may ask of a block
trees       the model: decision trees, evaluated for many blocks at once
output      the chosen blocks as text or Markdown

All of them take a page as valid UTF-8 in a uint8 array that nobody writes to.
"""
