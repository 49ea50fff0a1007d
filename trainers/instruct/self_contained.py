"""Whether a question and its answer stand alone: understood by somebody who has never seen the page.

The rules follow how LIMA chose its examples (Zhou et al. 2023, section 2.1: questions that stand in themselves, no
first person in answers, no reference to other answers) and Self-Instruct's list of things a text cannot show (Wang et
al. 2023, section 2.2), in English and Chinese. Each has a name, under which a dropped pair is counted.
"""

from __future__ import annotations

import re
import unicodedata

from trainers.instruct.pairs import asks, script_of

# Shorter answers are a word or a pointer; LIMA's longest answer has about 4,096 characters.
SHORTEST_ANSWER = {"en": 40, "zh": 16}
LONGEST_ANSWER = 4096


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# Words that point outside the question. "it" may stand for nothing (is it safe to …, how long does it take), and a
# pronoun behind "and", "if" or "when" has its noun before it.
_POINTING_EN = _any(
    r"\b(?:this|these|those|here|above|below|aforementioned|following|such|he|she|him|her)\b",
    r"\b(?:is|was|does|did|about|of|for|with|like|in|on|at|do|after|all|make|made|know|sure)\s+that\b(?!\s+\w+s?\s+(?:is|are|can))",
    r"^(?:is|was|what['’]?s?|why|how)\s+that\b|\bthat\s*\?$",
)
_PRONOUN_EN = re.compile(r"\b(?:it|its|they|them|their|theirs|one|ones)\b", re.IGNORECASE)
_EMPTY_IT_EN = re.compile(
    r"\bit\s+(?:take|takes|cost|costs|mean|means|possible|safe|okay|ok|necessary|better|best|normal|legal|illegal|true|"
    r"bad|good|hard|easy|important|rain|rains|snow|snows|\w+\s+to)\b|\bno\s+one\b|\bone\s+(?:of|or|and)\b",
    re.IGNORECASE,
)
_SITE_EN = _any(
    r"\b(?:we|us|our|ours|my|mine|me)\b",
    r"^(?:do|are|have|did|would|will|can|could|don['’]t|aren['’]t|haven['’]t)\s+you\b(?!\s+(?:need|have to|use|eat|"
    r"freeze|make|cook|substitute|reheat|store|get|run|install|convert)\b)",
    r"^(?:what|where|when|how|who|which|why|is|are|does|do|can|will)\s+(?:is|are|was|were|do|does|can|will)?\s*your\b",
    r"^(?:want|ready|looking|tried|love|craving|need help|hungry|interested|curious|sound)\b",
    r"^(?:who are you|what do you (?:think|say|love|like|want)|how about you|what about you)\b",
    r"\b(?:do|does|will|can|could) you (?:provide|offer|sell|ship|deliver|accept|take|serve|charge|support|handle|"
    r"carry|stock|host|open|close)\b|^which (?:\w+ )?(?:is|one) .*\b(?:you|me)\s*\?$|\bright for (?:you|me)\b|"
    r"\bthe (?:program|course|event|product|app|company|store|service|team|author)\s*\?$",
    r"^(?:what|how) (?:about|are your)\b|\byour (?:favou?rites?|thoughts|opinion|experience|"
    r"company|team|policy|service)\b",
    r"^(?:why (?:choose|use|shop|join|trust)\s+[A-Z])",
)
_IDLE_EN = _any(
    r"^(?:so|really|right|why not|how so|what else|what now|what next|now what|"
    r"what['’]?s (?:(?:up )?next|new|not to love)|"
    r"who knew|who cares|guess what|you know what|know what|is not that|isn['’]t|aren['’]t|don['’]t you|"
    r"can you believe|have you ever|did you know|what if\b(?!\s+(?:you|i|a|an|the|my|there)\b)|"
    r"how (?:is|was|are) (?:possible|you))\b"
)
_POINTING_ZH = re.compile(
    r"这|(?<!剩)那(?!么|不勒|霸)|(?<![其吉排])它|(?<![其吉])他(?!人)|她|(?<![应活])该(?![怎如不做用选去吃买学从注])|"
    r"其(?![他它中实余次])|上述|以下|如下|下列|上面|前面|上文|下文|此(?!外)|之前(?:说|提)|"
    r"^(?:不同|各种|几种|两种|三种|哪种)(?:方法|方式|方案|写法)"
)
_SITE_ZH = re.compile(
    r"我们|咱|贵(?=公司|司|店|站|校|院|网|平台|单位)|你们|您们|本(?=站|店|文|公司|网|平台|馆|院|校|课)|小编|笔者|楼主|大家|"
    r"^(?:你|您)(?:知道|有没有|是否|是不是|喜欢|想|会不会|觉得|认为|见过|听说|还记得|还在|相信|了解|准备好)|对吗|好吗|不是吗|怎么样\W*$|^支持|"
    r"^(?:难道|岂|何必|何不|谁说|谁不|谁知)|你(?:怎么看|觉得|会怎么)"
)
_IDLE_ZH = re.compile(
    r"^(?:为什么|怎么办|怎么回事|怎么样|如何|是吗|真的吗|什么意思|什么情况|然后呢|结果呢|怎么说|凭什么|有何区别|有什么区别|有(?:什么|任何|其他)?(?:问题|疑问|建议|意见))吗?\W*$"
)

_FIRST_PERSON_EN = re.compile(
    # "I" alone only as a capital, and not as a number (World War I.) or in I/O; "US" is a country.
    r"(?<!War )\bI\b(?![/.)]|\s+and\s+II)|\bI['’](?:m|ve|d|ll)\b|\b[Mm](?:e|y|ine|yself)\b|"
    r"\b[Ww]e\b|\bus\b|\b[Oo]urs?\b"
)
_FIRST_PERSON_ZH = re.compile(r"(?<![自忘本小敌])我(?![国省市校军党])|咱|小编|笔者|本人|楼主|本站|本店|鄙人|俺")
_CALL = _any(
    r"\b(?:click|tap) (?:here|on|the)\b|\bcontact us|\bcall us|\be-?mail us|\bsubscribe|\bsign up\b|\bnewsletter|"
    r"\badd to cart|\bbuy now|\border now|\bread more|\blearn more\b|\bfind out more|\bfollow us|\bcheck out\b|"
    r"\bleave a (?:comment|review|rating)|\bcomments? (?:below|section)|\bdiscount|\bcoupon|\bpromo code|\baffiliate|"
    r"\bfree trial|\bdownload (?:now|our|the app)|\bget in touch|\blet (?:us|me) know|\bshop now|\bvisit (?:our|my)|"
    r"\bbook (?:now|your)|\bget started|\brequest a (?:quote|demo)|\b(?:pin|save) (?:this|it) (?:for|to)",
    r"点击|联系我们|联系客服|咨询客服|扫码|扫一扫|二维码|公众号|加微信|微信号|加群|QQ群|下单|立即购买|马上购买|优惠券|优惠码|折扣|"
    r"详见|戳这|阅读全文|阅读原文|点赞|收藏本|私信|留言|转发|转载|关注我|订阅|免费试用|欢迎致电|拨打|热线|评论区",
)
_ELSEWHERE = _any(
    r"\b(?:as )?(?:mentioned|described|detailed|outlined|discussed|shown|noted|stated|listed|explained|seen)\s+"
    r"(?:above|below|earlier|before|previously|in the)",
    r"\b(?:see|refer to|watch|scroll|read|follow|use) (?:the |my |our )?(?:\w+ )?"
    r"(?:above|below|next section|video|recipe card|post|faq)",
    r"\b(?:picture|photo|image|video|figure|chart|graph|table|diagram|screenshot|link|notes?|recipe card|section|"
    r"list|steps?|instructions|example)s? (?:above|below)",
    r"\b(?:above|below)[-\s](?:picture|photo|image|video|link|table)",
    r"\b(?:this|the) (?:article|post|blog|page|recipe card|video|guide|tutorial|website|site|section|chapter)\b",
    r"\b(?:previous|other|earlier|another) (?:answer|question|post|section|chapter)|\bprev(?:ious)?\s*\|\s*next\b",
    r"如[上下]?图|[上下]图|见[上下]|如上|如前所述|前文|上文|下文|以上(?:图|链接)|同上|本文|本篇|这篇|本节|本章|上一[篇节章]|下一[篇节章]|"
    r"参见|参考上|见附|附件|截图|视频(?:中|里|教程)|文末|上述(?:链接|图)|^(?:可以?|请|您可以|你可以)?(?:查看|参考|参阅|阅读|访问)",
    # The line below a headline: who wrote it, and when.
    r"^(?:by\b|\w+ \d{1,2}, \d{4}\b|\d{1,2} \w+ \d{4}\b|\d{4}[-/年])|\(@\w+\)",
)
_POINTING_START = re.compile(
    r"^(?:this|that|these|those|it|they|he|she|such|here|both|neither|see|same|ditto|and|but|because of this|"
    r"(?:yes|no),? (?:it|they|this|that|these|those)\b(?! (?:is|are) (?:possible|safe|best|better))|"
    r"但是|但|而且|所以|因此|这|那|它|他|她|以上|同样)",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?://|www\.|!\[|\]\(|\S+@\S+\.\w|<[a-z]+[ >/]", re.IGNORECASE)
_PRICE = re.compile(r"[$€£¥￥]\s?\d|\b(?:USD|RMB|CNY|EUR)\s?\d|\d\s?(?:元|块钱|美元|USD|RMB)")
# A last line is whole if a sentence ends with it, within quotes or brackets or not, or if it is code or a table row.
_WHOLE = re.compile(r"""[.!?…。！？；;][)）\]】」』”"'’*_]*\s*$|[`|]\s*$""")
_BULLET = re.compile(r"^\s*(?:[-*+•·▪◦●○–—]\s|\(?\d{1,3}[.)、．）]|[（(]?[一二三四五六七八九十]{1,3}[）)、]|[①-⑳])")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_FUNCTION_ZH = (
    r"为什么|什么时候|什么|怎么办|怎么样|怎么|怎样|如何|为何|哪些?|多少|是否|能否|可否|"
    r"需要|可以|吗|呢|是|的|了|有|会|能|不|没"
)
_STOP_EN = frozenset(
    re.findall(
        r"\w+",
        """a an and are at be been being but by can could did do does for from had has have how i if in is it may might
        must my need of on or should so that the to was were what when where which who whose why will with would you
        your there then than not no some any many much long often""",
    )
)


def question_fault(question: str) -> str | None:
    """Why a question does not stand alone; None if it does. What it says below a blank line need not be told again."""
    if not asks(question):
        return "question_asks_nothing"
    question, _, details = question.partition("\n\n")
    if _LINK.search(details) or _ELSEWHERE.search(details):
        return "question_points_elsewhere"
    zh = script_of(question) == "zh"
    if (_POINTING_ZH if zh else _POINTING_EN).search(question) or (not zh and _dangling(question)):
        return "question_points_elsewhere"
    if (_SITE_ZH if zh else _SITE_EN).search(question):
        return "question_to_reader_or_site"
    if (_IDLE_ZH if zh else _IDLE_EN).search(question) or not _has_subject(question, zh):
        return "question_without_subject"
    return None


def answer_fault(answer: str) -> str | None:
    """Why an answer does not stand alone or is no answer; None if it is one."""
    zh = script_of(answer) == "zh"
    if len(answer) < SHORTEST_ANSWER["zh" if zh else "en"]:
        return "answer_too_short"
    if len(answer) > LONGEST_ANSWER:
        return "answer_too_long"
    if _LINK.search(answer):
        return "answer_with_link"
    if _CALL.search(answer):
        return "answer_calls_to_act"
    if _ELSEWHERE.search(answer) or _POINTING_START.match(answer):
        return "answer_points_elsewhere"
    if (_FIRST_PERSON_ZH if zh else _FIRST_PERSON_EN).search(answer):
        return "answer_in_first_person"
    if _PRICE.search(answer):
        return "answer_with_price"
    last = answer.rstrip().rsplit("\n", 1)[-1]
    if not (_WHOLE.search(last) or _BULLET.match(last)):
        return "answer_cut_off"
    if "¶" in answer or sum(c.isalpha() for c in answer) * 2 < len(answer) - sum(map(str.isspace, answer)):
        return "answer_not_words"
    return None


def pair_fault(question: str, answer: str) -> str | None:
    """Why a pair is not worth teaching, the question's faults first; None if it is."""
    fault = question_fault(question) or answer_fault(answer)
    if fault is None and script_of(question) != script_of(answer):
        return "languages_differ"
    return fault


def same_key(text: str) -> str:
    """What two texts share that differ in case, width, spaces and punctuation only: the key of deduplication."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _dangling(question: str) -> bool:
    """A pronoun of the third person without a noun before it in the question itself."""
    for found in _PRONOUN_EN.finditer(question):
        if _EMPTY_IT_EN.match(question, found.start()) or _EMPTY_IT_EN.search(question[: found.end()][-7:]):
            continue
        before = _WORD.findall(question[: found.start()].lower())
        if sum(word not in _STOP_EN for word in before) < 2:
            return True
    return False


def _has_subject(question: str, zh: bool) -> bool:
    """At least one word that says what the question is about."""
    if zh:
        # 什么是 asks what one word means, and the word may be short; other questions need a thing and what of it.
        if re.match(r"(?:什么是|什么叫|何谓|何为)\w", question):
            return True
        return len(re.sub(rf"\W|{_FUNCTION_ZH}", "", question)) >= 4
    words = [w for w in _WORD.findall(question.lower()) if w not in _STOP_EN]
    return bool(words) and len(_WORD.findall(question)) >= 3
