"""Questions and their answers in plain text: `Q:`/`A:` and 问/答 labels, FAQ pages, question headings with a section.

Extraction leaves a heading as a line of its own without its mark, so a heading is known by its form: one short line
that is no sentence and no list item. A question heading is such a line with a question word and a question mark. Its
section runs to the next heading. Better than all of these is what a page's markup declares: curation keeps it in the
column `qa`, and `declared` reads it.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

# How a pair was found, the most trusted first. The first three are what the column `qa` names: who writes schema.org's
# markup, or "Q:" and "A:", means it so.
METHODS = JSON_LD, MICRODATA, DETAILS, LABELLED, FAQ, HEADING = (
    "json_ld", "microdata", "details", "labelled", "faq", "heading",
)  # fmt: skip

# A page with three question headings is one of frequent questions; two may stand in any article.
FAQ_QUESTIONS = 3
# Longer lines are sentences that happen to ask something. Characters, for scripts without and with spaces.
LONGEST_QUESTION = {"zh": 60, "en": 160}
LONGEST_HEADING = {"zh": 24, "en": 80}


class Pair(NamedTuple):
    """A question and its answer as they stand on the page, marks and labels taken off; `method` is how it was found."""

    question: str
    answer: str
    method: str


_MARKS = re.compile(
    r"^(?:[\s#>*◆◇●○■□▶►▪•·❓❔🤔✅\-–—]+|\(?\d{1,3}[.)、．）]\s*|[（(]?[一二三四五六七八九十]{1,3}[）)、.．]\s*)+"
)
_CLOSE = re.compile(r"[\s*#]+$")
_LABEL_Q = re.compile(
    r"^(?:(?:Q|Question)\s*\d{0,3}\s*[.:：、)]|(?:问题?|提问)\s*[\d一二三四五六七八九十]{0,3}\s*[:：])\s*(?=\S)",
    re.IGNORECASE,
)
_LABEL_A = re.compile(
    r"^(?:(?:A|Answer)\s*\d{0,3}\s*[.:：、)]|(?:答案?|回答|解答)\s*[\d一二三四五六七八九十]{0,3}\s*[:：])\s*(?=\S)",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:[-*+•·▪◦●○–—]\s|\(?\d{1,3}[.)、．）]|[（(]?[一二三四五六七八九十]{1,3}[）)、]|[①-⑳]|\|)")
_BARE_MARK = re.compile(r"^\s*(?:\(?\d{1,3}[.)、．）]?|[-*+•·▪—–_=|]+|[（(]?[一二三四五六七八九十]{1,3}[）)、.．])\s*$")
_ENDS = re.compile(r"[.!?:;,…。！？：；，、)）\]】」』”\"'’~～]\s*$")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_ASKED_EN = re.compile(
    r"^(?:(?:and|but|so|then|also|in|on|at|for|from|to|of|with|by|until|since|under|about|within|into)\s+)?"
    r"(?:how|what|what['’]s|whats|why|when|where|where['’]s|which|who|who['’]s|whose|whom|can|can['’]t|could|should|"
    r"shall|may|might|must|is|isn['’]t|are|aren['’]t|was|were|do|don['’]t|does|doesn['’]t|did|will|would|has|have|had)"
    r"\b",
    re.IGNORECASE,
)
_ASKED_ZH = re.compile(
    r"什么|甚么|怎么|怎样|怎能|如何|为何|为啥|咋|哪|谁|几[个种次天年月人家点]|多少|多久|多长|多大|多高|多远|多重|吗|么[?？]?$|"
    r"是否|能否|可否|会否|有无|何时|何地|何处|何谓|是不是|能不能|可不可以|会不会|有没有|要不要|该不该|用不用|行不行|还是|区别|呢[?？]?$"
)
_SENTENCES = re.compile(r"[!?！？。]\s*\S|[.]\s+\S")
_CODE_INDENT = ("    ", "\t")


def script_of(text: str) -> str:
    """ "zh" where at least a sixth of the letters are Han characters, else "en": which of the two forms applies."""
    han = len(_HAN.findall(text))
    return "zh" if han * 6 >= max(1, sum(map(str.isalpha, text))) else "en"


def question_of(line: str) -> str | None:
    """The question that a line asks if it is a question heading, without marks and label; None if it is none."""
    if line.startswith(_CODE_INDENT):
        return None  # a comment in code
    text = _CLOSE.sub("", _MARKS.sub("", line.strip()))
    text = _LABEL_Q.sub("", text).strip()
    if not text:
        return None
    script = script_of(text)
    if len(text) > LONGEST_QUESTION[script] or _SENTENCES.search(text):
        return None
    if not text.endswith(("?", "？")) and not (script == "zh" and text.endswith("吗")):
        return None
    asked = _ASKED_ZH.search(text) if script == "zh" else _ASKED_EN.match(text.lstrip("¿\"'“‘"))
    return text if asked else None


def is_heading(line: str) -> bool:
    """A short line of its own that is no sentence, list item or table row: the next section begins here."""
    text = line.strip()
    if text.startswith("#") and text.lstrip("#").startswith(" "):
        return True
    if not text or _LIST.match(line) or line.startswith(_CODE_INDENT):
        return False
    if text.endswith(("?", "？")):
        return len(text) <= LONGEST_QUESTION[script_of(text)]  # of two sentences too: what is below answers it
    return len(text) <= LONGEST_HEADING[script_of(text)] and not _ENDS.search(text)


def asks(question: str) -> bool:
    """Whether a text asks: it has a question mark, or its first line begins as questions do."""
    first = question.partition("\n")[0].strip()
    asked = _ASKED_ZH.search(first) if script_of(first) == "zh" else _ASKED_EN.match(first)
    return "?" in question or "？" in question or asked is not None


def declared(qa: Any) -> list[Pair]:
    """The pairs of a value of the column `qa`, in order; [] for null, and for a column of that name of another kind."""
    items = [item for item in qa if isinstance(item, dict)] if isinstance(qa, list) else []
    texts = [(item.get("question"), item.get("answer"), item.get("method")) for item in items]
    return [Pair(q, a, m) for q, a, m in texts if isinstance(q, str) and isinstance(a, str) and m in METHODS]


def pairs_of(text: str) -> list[Pair]:
    """Every question of `text` with an answer, in order; nothing is judged here but the form."""
    lines = text.split("\n")
    code = _code_lines(lines)
    labelled, used = _labelled(lines, code)
    headed = _headed(lines, code, used)
    return [pair for _, pair in sorted([*labelled, *headed], key=lambda item: item[0])]


def _labelled(lines: list[str], code: list[bool]) -> tuple[list[tuple[int, Pair]], set[int]]:
    """Pairs where the answer has its label, and the lines they take. (A question label alone is a heading.)"""
    found: list[tuple[int, Pair]] = []
    used: set[int] = set()
    at = 0
    while at < len(lines):
        label = None if code[at] else _LABEL_Q.match(_MARKS.sub("", lines[at].strip()))
        if not label:
            at += 1
            continue
        start = at
        question = [_MARKS.sub("", lines[at].strip())[label.end() :].strip()]
        at += 1
        while at < len(lines) and at - start < 6 and not _answers(lines[at]) and not _asks(lines[at]):
            question.append(lines[at].strip())
            at += 1
        if at >= len(lines) or code[at] or not _answers(lines[at]):
            at = start + 1
            continue
        first = _MARKS.sub("", lines[at].strip())
        answer = [_LABEL_A.sub("", first).strip()]
        at += 1
        while at < len(lines) and not _asks(lines[at]) and (code[at] or not is_heading(lines[at])):
            answer.append(lines[at].rstrip())
            at += 1
        used.update(range(start, at))
        found.append((start, Pair("\n".join(q for q in question if q), "\n".join(answer).strip(), LABELLED)))
    return found, used


def _headed(lines: list[str], code: list[bool], used: set[int]) -> list[tuple[int, Pair]]:
    questions = [
        (at, question)
        for at, line in enumerate(lines)
        if at not in used and not code[at] and (question := question_of(line)) is not None
    ]
    sections = [(at, question, _section(lines, code, used, at + 1)) for at, question in questions]
    # Of questions one below the other only the last has lines behind it, and they answer none: a list to check.
    stacked = {
        sections[i + 1][0] for i in range(len(sections) - 1) if not _between(lines, sections[i], sections[i + 1])
    }
    sections = [(at, question, [] if at in stacked else section) for at, question, section in sections]
    answered = [section for _, _, section in sections if section]
    method = FAQ if len(answered) >= FAQ_QUESTIONS else HEADING
    if method == FAQ:
        # The last answer has no question behind it to end it and would take the foot of the page.
        at, question, section = sections[-1]
        longest = max(len(section) for _, _, section in sections[:-1])
        sections[-1] = (at, question, section[:longest])
    return [(at, Pair(question, "\n".join(section).strip(), method)) for at, question, section in sections if section]


def _between(lines: list[str], first: tuple[int, str, list[str]], second: tuple[int, str, list[str]]) -> bool:
    """Whether anything stands between two questions."""
    return any(line.strip() for line in lines[first[0] + 1 : second[0]])


def _section(lines: list[str], code: list[bool], used: set[int], at: int) -> list[str]:
    """The lines from `at` to the next heading; blank ones count as none."""
    section: list[str] = []
    while at < len(lines) and at not in used:
        line = lines[at]
        if not code[at] and (is_heading(line) or question_of(line)):
            break
        if line.strip():
            section.append(line.rstrip())
        at += 1
    while section and _BARE_MARK.match(section[-1]):
        section.pop()  # the number of the next item, whose text is the next heading
    if section:
        section[0] = _LABEL_A.sub("", section[0].lstrip())
    return section


def _asks(line: str) -> bool:
    return bool(_LABEL_Q.match(_MARKS.sub("", line.strip())))


def _answers(line: str) -> bool:
    return bool(_LABEL_A.match(_MARKS.sub("", line.strip())))


def _code_lines(lines: list[str]) -> list[bool]:
    """Which lines stand inside a fenced block of code, its fences included."""
    inside = False
    marks: list[bool] = []
    for line in lines:
        fence = line.lstrip().startswith("```")
        marks.append(inside or fence)
        if fence:
            inside = not inside
    return marks
