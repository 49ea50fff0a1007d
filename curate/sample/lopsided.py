"""Texts whose words are out of proportion, one per quality rule: timetables, trailing thoughts, very long words."""

from __future__ import annotations

from random import Random

# What the pages are called, and their paragraphs. A `#` stands for a time of day.
ByLanguage = dict[str, tuple[str, tuple[str, ...]]]

TIMETABLE: ByLanguage = {
    "en": ("Harbour ferry, weekdays", (
        "The ferry of the harbour leaves at # # # # # # and # and in the evening at # # # # #.",
        "Boats that return to the pier are at # # # # # # # and the last of them is at # # #.",
        "On days with much wind the boats leave at # # # # # # # # with the same crew and at # # #.",
        "For those who wait on the island, have your ticket ready at # # # # # # # or at # # # #.",
    )),
    "zh": ("渡船时刻", (
        "早班的船在 # # # # # # # # 开，在 # # # # # # # 回。",
        "中午的船在 # # # # # # # # 开，在 # # # # # # # 回。",
        "晚上的船在 # # # # # # # # 开，在 # # # # # # # 回。",
        "有风的日子在 # # # # # # # # 开，在 # # # # # # # 回。",
        "过年的日子在 # # # # # # # # 开，在 # # # # # # # 回。",
    )),
}  # fmt: skip
TRAILING: ByLanguage = {
    "en": ("What was it again", (
        "So I went to the ... you know ... and then the ... well ... it was gone ... all of it ... gone.",
        "And he said that ... no ... wait ... it was she who had ... I think ... the key of the ... whatever.",
        "It may be ... or it may not ... with these things ... you never have ... what was I going to ... yes.",
        "Then the boat ... that old ... the green one ... it came back ... and of the people ... nobody ... nothing.",
    )),
    "zh": ("那天的事", (
        "我想……也许是……算了……他说的……我不知道……那天的船……没有……回来……",
        "她在门口……等了……很久……后来……灯灭了……也没有人……说话……就是这样……",
        "我们……都老了……那时候……年轻……不懂……现在……懂了……又怎样……",
        "夜里……下雨……我醒着……听着……想着……那些人……那些事……都远了……",
        "天亮了……他还是……没有来……我把信……放回……抽屉……再也没有……打开……",
        "后来……听说……他去了……南方……有人……看见他……在车站……一个人……",
    )),
}  # fmt: skip
LONG_WORDS: ByLanguage = {
    "en": ("A glossary for the archive", (
        "Institutionalization and internationalization of telecommunication infrastructures; "
        "interdisciplinary characterization of electroencephalography.",
        "Counterrevolutionary decentralization; professionalization of environmental responsibilities; "
        "photolithography and chromatography with spectrophotometry.",
        "Compartmentalization of the pharmaceutical administration: misrepresentation, overgeneralization, "
        "incomprehensibility and disproportionateness.",
        "Hydroelectricity, thermodynamics, crystallography, palaeontology, bibliographical classification, "
        "neurotransmission and otorhinolaryngology.",
        "Transcontinental transportation of refrigerated agricultural commodities; "
        "unconstitutionality of retroactive disqualification.",
        "Electromagnetic susceptibility of superconducting instrumentation; "
        "commercialization and industrialization of biotechnological experimentation.",
    )),
}  # fmt: skip
# Too short even for a language that no quality rule knows.
BRIEF_FOREIGN = ("Fermé", "Le musée du port est fermé jusqu'au printemps. Merci de votre patience.")


def times(sentence: str, dice: Random) -> str:
    """`sentence` with a time of day for each `#`."""
    return "".join(f"{dice.randrange(5, 23):02d}:{dice.randrange(0, 60, 5):02d}" if c == "#" else c for c in sentence)
