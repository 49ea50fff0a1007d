"""Mining: pairs from markup and from the form of text, those that stand alone, each once, with where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from trainers.commands import register
from trainers.errors import InputError
from trainers.instruct.examples import from_table
from trainers.instruct.mine import mine
from trainers.instruct.pairs import METHODS, Pair, asks, declared, pairs_of, question_of, script_of
from trainers.instruct.self_contained import answer_fault, pair_fault, question_fault, same_key

BULB = (
    "How deep should a tulip bulb lie?",
    "Three times as deep as the bulb is tall, which is about a hand's breadth.",
)
BIRD = ("白鹤冬天飞到哪里去？", "白鹤秋天离开北方的湿地，飞到长江中下游的湖边过冬，第二年三月再飞回来。")
QA = pa.list_(pa.struct([("question", pa.string()), ("answer", pa.string()), ("method", pa.string())]))


def write_run(folder: Path, **splits: list[dict[str, Any]]) -> Path:
    """The folder of a finished run, by the letter of the contract between curation and trainers."""
    listed = []
    schema = pa.schema([("text", pa.string()), ("url", pa.string()), ("lang", pa.string()), ("qa", QA)])
    for split, rows in splits.items():
        path = folder / "data" / f"{split}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        present = pa.schema([f for f in schema if any(f.name in row for row in rows)])
        pq.write_table(pa.Table.from_pylist(rows, present), path)
        size = path.stat().st_size
        listed.append({"path": f"data/{split}.parquet", "split": split, "rows": len(rows), "bytes": size})
    manifest = {"format": 1, "data": listed, "content": {split: split for split in splits}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def qa(*pairs: tuple[str, str], method: str = "json_ld") -> list[dict[str, str]]:
    return [{"question": q, "answer": a, "method": method} for q, a in pairs]


# ---- the form of text


def test_labels() -> None:
    text = "Before.\nQ: How deep?\nA: A hand's breadth.\nNot more.\n\n问：哪里？\n答：湖边。\nQ3. 谁？\nA3. 白鹤。"
    assert pairs_of(text) == [
        Pair("How deep?", "A hand's breadth.\nNot more.", "labelled"),
        Pair("哪里？", "湖边。", "labelled"),
        Pair("谁？", "白鹤。", "labelled"),
    ]
    assert pairs_of("Q: How deep?\nNobody knows.\nQ: Why?\n") == [Pair("How deep?", "Nobody knows.", "heading")]


def test_three_headings_that_ask_make_a_page_of_questions() -> None:
    lines = [f"What is number {n}?\nNumber {n} comes after number {n - 1}.\n" for n in (1, 2, 3)]
    assert [pair.method for pair in pairs_of("\n".join(lines))] == ["faq"] * 3
    assert [pair.method for pair in pairs_of("\n".join(lines[:2]))] == ["heading"] * 2
    longer = "\n".join(lines) + "\nThe foot of the page, which belongs to no answer.\nAnd more of it."
    assert pairs_of(longer)[-1].answer == "Number 3 comes after number 2."


def test_an_answer_ends_at_the_next_heading() -> None:
    text = "怎样浇水？\n早上浇水。\n土要湿透。\n施肥\n每月一次。\n还有吗？要多久？\n两年。"
    assert pairs_of(text) == [Pair("怎样浇水？", "早上浇水。\n土要湿透。", "heading")]


def test_questions_one_below_the_other_are_a_list_and_have_no_answers() -> None:
    assert pairs_of("What is it?\nHow is it?\nWhy is it?\nA text that answers none of them in particular.") == []


def test_code_holds_no_headings() -> None:
    text = "What does this print?\nIt prints a line.\n```\n# Is it here?\nwhat now\n```\nThe end of the answer."
    (pair,) = pairs_of(text)
    assert pair.answer.endswith("The end of the answer.")


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("## **3. How deep?**", "How deep?"),
        ("（二）怎样浇水？", "怎样浇水？"),
        ("Q2: Why not?", "Why not?"),
        ("__init__ 是什么？", "__init__ 是什么？"),
        ("必须是列表吗", "必须是列表吗"),
        ("It is late. Why?", None),
        ("    # why?", None),
        ("Really?", None),
        ("A heading", None),
        ("", None),
    ],
)
def test_question_headings(line: str, question: str | None) -> None:
    assert question_of(line) == question


def test_script_and_asking() -> None:
    scripts = {"Python 的列表和元组有什么区别？": "zh", "What is 茶 in English?": "en", "": "en", "?": "en"}
    assert {text: script_of(text) for text in scripts} == scripts
    asked = ["How to prune a rose", "Pruning?", "怎样修剪玫瑰", "A rose\n\nHow do I prune it?"]
    assert [asks(text) for text in [*asked, "Rose pruning", "玫瑰的修剪"]] == [True] * 4 + [False] * 2


# ---- what stands alone


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        (BULB[0], None),
        (BIRD[0], None),
        ("Is it safe to eat acorns?", None),
        ("What is the difference between tea and tisane and when is it called so?", None),
        ("Rose pruning", "question_asks_nothing"),
        ("How do I fix this?", "question_points_elsewhere"),
        ("How long does it last?", "question_points_elsewhere"),
        ("上面的方法有什么问题？", "question_points_elsewhere"),
        ("哪种方法更好用一些？", "question_points_elsewhere"),
        ("Why should I shop with us?", "question_to_reader_or_site"),
        ("你们什么时候开门营业？", "question_to_reader_or_site"),
        ("What’s up next?", "question_without_subject"),
        ("有什么区别吗？", "question_without_subject"),
        ("How to prune a rose\n\nMy rose is five years old.", None),
        ("How to prune a rose\n\nSee https://a.example/rose", "question_points_elsewhere"),
    ],
)
def test_questions_that_stand_alone(question: str, fault: str | None) -> None:
    assert question_fault(question) == fault


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (BULB[1], None),
        (BIRD[1], None),
        ("World War I ended in 1918, and the US had been part of it for more than a year.", None),
        ("- Water the rose in the morning\n- Prune it in March\n- Feed it with compost", None),
        ("Yes.", "answer_too_short"),
        ("好。", "answer_too_short"),
        ("word " * 1000 + ".", "answer_too_long"),
        ("Everything about roses is written on https://a.example/rose, in great detail.", "answer_with_link"),
        ("Call us or leave a comment below, and somebody will help you with the roses.", "answer_calls_to_act"),
        ("详情请联系客服，他们会在两天以内回复所有关于玫瑰的问题。", "answer_calls_to_act"),
        ("As shown in the picture above, the stem is cut over the third bud from below.", "answer_points_elsewhere"),
        ("如图所示，从下往上数第三个芽的上方剪断，留下半厘米就可以了。", "answer_points_elsewhere"),
        ("I always cut the stem over the third bud, and my roses have never minded it.", "answer_in_first_person"),
        ("小编一般在三月修剪玫瑰，从下往上数第三个芽的上方剪断。", "answer_in_first_person"),
        ("A good pair of secateurs costs $30 and lasts for as long as a rose does, or longer.", "answer_with_price"),
        ("The stem is cut over the third bud from below, and then the whole of it is", "answer_cut_off"),
        ("如何修复 'android.os.NetworkOnMainThreadException'", "answer_cut_off"),
        ("- negate()¶\n- normalize(newvars=None)¶\n- variables()¶\n- Return a set of predicates.", "answer_not_words"),
    ],
)
def test_answers_that_stand_alone(answer: str, fault: str | None) -> None:
    assert answer_fault(answer) == fault


def test_question_and_answer_speak_one_language() -> None:
    assert pair_fault(BULB[0], BIRD[1]) == "languages_differ"
    assert pair_fault(*BULB) is pair_fault(*BIRD) is None
    assert same_key("How deep, ＡＢ？") == same_key("how DEEP ab")


# ---- the column `qa`


def test_declared_pairs() -> None:
    assert declared(qa(BULB)) == [Pair(*BULB, "json_ld")]
    for other in (None, "text", 3, ["text"], [None], qa(BULB, method="guess"), [{"question": "a"}]):
        assert declared(other) == []


def test_pairs_come_from_markup_first_then_from_text(tmp_path: Path) -> None:
    page = f"{BULB[0]}\n{BULB[1]} It may be deeper in sand, and less deep in clay."
    longer = (BULB[0], BULB[1] + " In clay it may be less, in sand a little more than that.")
    data = write_run(
        tmp_path,
        train=[
            {"text": page, "url": "https://a.example/1", "lang": "en", "qa": qa(BIRD, method="details")},
            {"text": "", "url": "https://a.example/2", "lang": "en", "qa": qa(longer, method="details")},
            {"text": "", "url": "https://b.example/3", "lang": "zh", "qa": qa(BULB, BIRD)},
            {"text": None, "url": None, "lang": None, "qa": None},
        ],
        validation=[{"text": "Q: Who may not be learnt?\nA: Whoever is kept apart for validation.", "qa": None}],
    )
    found = mine(data)
    assert (found.documents, found.pairs) == (4, 5)
    assert found.dropped == {"same_question": 3}
    assert [(e.messages, e.method, e.url, e.source, e.lang) for e in from_table(found.examples)] == [
        ((("user", q), ("assistant", a)), "json_ld", "https://b.example/3", "b.example", lang)
        for (q, a), lang in ((BULB, "en"), (BIRD, "zh"))
    ]
    assert found.methods == {"json_ld": 2}
    assert found.languages == {"en": 1, "zh": 1}


def test_the_methods_are_those_that_curation_writes() -> None:
    from curate.extract import markup

    assert METHODS[:3] == (markup.JSON_LD, markup.MICRODATA, markup.DETAILS)
    assert markup.QA == QA


def test_one_host_gives_so_many_and_equal_answers_are_told_once(tmp_path: Path) -> None:
    asked = [(f"How many legs has beetle {n}?", f"Beetle {n} has six legs, as all of them have.") for n in range(5)]
    rows = [{"text": "", "url": f"https://{h}.example/", "qa": qa(*asked[n : n + 3])} for n, h in ((0, "a"), (2, "b"))]
    data = write_run(tmp_path, train=[*rows, {"text": "", "qa": qa(("How many legs has a beetle?", asked[0][1]))}])
    found = mine(data, per_site=2)
    assert found.dropped == {"same_question": 1, "same_answer": 1, "over_site_cap": 1}
    assert found.pairs == found.examples.num_rows + sum(found.dropped.values()) == 7
    assert found.examples["source"].to_pylist() == ["a.example", "a.example", "b.example", "b.example"]
    assert mine(data, per_site=None).examples.num_rows == 5


def test_a_run_without_the_columns_is_mined_by_its_text(tmp_path: Path) -> None:
    data = write_run(tmp_path, train=[{"text": f"Q: {BULB[0]}\nA: {BULB[1]}"}])
    (example,) = from_table(mine(data).examples)
    assert (example.method, example.url, example.lang) == ("labelled", None, "en")


# ---- the command


def llmsapp(*arguments: object) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_what_mining_says(tmp_path: Path) -> None:
    data = write_run(tmp_path / "run", train=[{"text": "Q: Really?\nA: Yes.", "url": "u", "qa": qa(BULB)}])
    done = llmsapp("instruct", "mine", data, "-o", tmp_path / "set.json")
    assert done.exit_code == 0, done.stderr
    assert "1 documents, 2 question/answer pairs" in done.stdout
    assert "1  left: question without subject" in done.stdout
    assert json.loads((tmp_path / "set.json").read_text()) == [
        {"instruction": BULB[0], "input": "", "output": BULB[1], "url": "u", "method": "json_ld", "lang": "en"}
    ]
    exact = llmsapp("instruct", "mine", data, "-o", tmp_path / "set.jsonl", "--format", "lima", "--exact")
    assert exact.stderr == "left out, for --exact: url (1 rows), method (1 rows), lang (1 rows)\n"
    assert json.loads((tmp_path / "set.jsonl").read_text()) == {"conversations": list(BULB), "source": ""}


def test_mining_where_there_is_nothing(tmp_path: Path) -> None:
    empty = write_run(tmp_path / "run", train=[{"text": "No question."}])
    (tmp_path / "unfinished").mkdir()
    no_rows = write_run(tmp_path / "no_rows", train=[])
    for data, words in [
        (empty, "no pair of"),
        (tmp_path / "nowhere", "there is no folder"),
        (tmp_path / "unfinished", "holds no finished run"),
        (no_rows, "holds no train documents"),
    ]:
        done = llmsapp("instruct", "mine", data, "-o", tmp_path / "set.json")
        assert (done.exit_code, words in done.stderr) == (InputError.exit_code, True), done.stderr
    assert llmsapp("instruct", "mine", empty, "-o", tmp_path / "set.txt").exit_code == 2
    assert not (tmp_path / "set.json").exists()


def test_the_sample_crawl_gives_examples_in_both_languages() -> None:
    """What `llmsapp demo` has to teach from: its pages of questions, most of which stand alone."""
    from curate.sample.questions import QUESTIONS

    for lang, pages in QUESTIONS.items():
        good = [pair for page in pages for pair in page.pairs if pair_fault(*pair) is None]
        assert len(good) >= 12, lang
