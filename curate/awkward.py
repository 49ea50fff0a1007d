"""Awkward texts: what breaks code that was only ever shown ordinary prose. `curate.testing` feeds them to every step.

All of them can stand in an Arrow string array, so none holds a lone surrogate.
"""

from __future__ import annotations

ENGLISH = (
    "The ferry was late, as it had been on every Monday of that year, and the three passengers had given up pretending "
    "to mind. One of them read a newspaper from the week before. Another one, who had brought a chair, slept."
)
CHINESE = (
    "渡船又晚了，这一年的每个星期一都是这样，三个等船的人早已不再装作着急。其中一个在看上个星期的报纸，"
    "另一个自己带了椅子来，坐着睡着了，帽子盖在脸上，鞋底沾着很远的地方的泥。"
)

TEXTS: tuple[str, ...] = (
    # nothing, and nearly nothing
    "",
    " ",
    "\n",
    "\t \n\n \r\n\u3000\u00a0",
    "a",
    "字",
    "7",
    ".",
    "🙂",
    "\x00",
    "\ufeff",
    "\u0301",
    # ordinary
    ENGLISH,
    CHINESE,
    f"{ENGLISH}\n\n{CHINESE}",
    "Hello world",
    "你好，世界！",
    "ASCII字mixed词without空spaces和English",
    "Größe, façade, señor, Ærø, İstanbul, ŁÓDŹ, ǅ, ß",
    "古之學者必有師。師者，所以傳道受業解惑也。",
    "ひらがなとカタカナ、漢字。한국어 문장도 있습니다.",
    "Это короткое предложение. Και αυτό είναι ελληνικό.",
    "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
    # line ends and blanks
    "one\r\ntwo\r\n\r\nthree\rfour\nfive\u2028six\u2029seven\u0085eight\x0bnine\x0cten",
    "\n" * 5000,
    "word\n" * 3000,
    "  leading and trailing   \n\t\tand inner    runs  ",
    "a\u00a0b\u2009c\u3000d\u200be\u2060f\u00adg\u180eh",
    "last line without an end\nlast line",
    # one of a kind
    "x" * 100_000,
    "哈" * 100_000,
    "the " * 30_000,
    "的，" * 20_000,
    f"{ENGLISH} " * 200,
    "0123456789" * 500,
    "3.14159 2,718 1e-5 −40 ½ Ⅻ ٣ 四 100%",
    "?!…—.,;:'\"()[]{}<>|\\/@#$%^&*~`+=_-" * 20,
    "。，、；：？！……——“”‘’（）《》【】" * 20,
    "# # ## ### #hashtag #话题# " * 40,
    "... … ...... 。。。 …… ...\n" * 40,
    "• one\n- two\n* three\n· 四\n● five\n" * 20,
    # code points that combine, join, turn round or lie outside the first plane
    "e" + "\u0301" * 5000,
    "Z̸̢̡̛̖̗a̵͖̓l̷̫̊g̴̰͐o̶̙͝ " * 50,
    "👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇨🇳🇬🇧 1️⃣ ❤️ 🫠" * 10,
    "\U00020000\U0002a6df𠮷野家 𝒜𝓁𝓅𝒽𝒶 𝟘𝟙𝟚 \U0010ffff\U000f0000",
    "ﬁne ﬂow ＡＢＣ１２３ ｶﾀｶﾅ ㍿ ①②③ ™",
    "é e\u0301 ﬃ Å Å Å 가 \u1100\u1161",
    "שלום עולם مرحبا بالعالم \u202eevil.exe\u202c \u2066isolated\u2069 می\u200cخواهم",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u061c",
    "\ufffd\ufffe\uffff\ufdd0",
    "bell\x07 escape\x1b[31m nul\x00inside del\x7f c1\x80\x9f",
    "\x00" * 100,
    # remains of other formats
    "<p>Hello <b>world</b> &amp; &nbsp;&#x4e2d;&#0; <!-- comment --> <script>alert('1')</script></p>",
    "<div><div><div>" * 300,
    "&amp;amp;lt;&#xD800;&notanentity;&",
    'window.__STATE__={"a":[1,2,{"b":null}]};function(){return 1}',
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
    "def f(x):\n    return {k: v for k, v in x.items()}\n",
    "https://www.shop.example/a?b=1&c=%E4%B8%AD#d mailto:someone@example.com +1 555-0142 192.0.2.1",
    "aGVsbG8gd29ybGQgdGhpcyBpcyBiYXNlNjQ=" * 30,
    'lorem,ipsum,"quoted "" cell",NULL,nan,None,null,true\n',
    # text that was decoded with the wrong charset
    "It’s naïve — cafÃ© donâ€™t â€œquotedâ€\x9d",
    "ä¸\xadæ–‡ç½‘é¡µ",
    "ÖÐÎÄÍøÒ³ ÄãºÃ",
    "锟斤拷锟斤拷烫烫烫屯屯屯",
    "Ð\x9fÑ\x80Ð¸Ð²ÐµÑ‚",
    # long lines and long words
    "lopado" * 2000 + " short",
    " ".join(str(n) for n in range(20_000)),
    CHINESE.replace("，", "").replace("。", "") * 300,
    "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 100,
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ SHOUTING IN CAPITALS ALL THE TIME " * 20,
)
