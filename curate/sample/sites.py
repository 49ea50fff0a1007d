"""Sites of the sample crawl: five layouts in two languages, with everything that stands around an article.

Menus, breadcrumbs, cookie notices, side columns, comments, "related" lists and footers are what extraction has to
leave behind; they are the same on every page of a site, as they are on real ones. Hosts end in `.example`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from random import Random

from curate.sample.prose import pick, shuffled


@dataclass(frozen=True)
class Site:
    """One site: its layout is the name of a function below, `lang` is en or zh."""

    host: str
    name: str
    layout: str
    lang: str
    menu: tuple[str, ...]
    footer: str


SITES: tuple[Site, ...] = (
    Site("slow-kettle.example", "The Slow Kettle", "blog", "en",
         ("Home", "About", "Archive", "Recipes", "Contact", "RSS"), "Written at the kitchen table since 2011."),
    Site("hedge-and-ladder.example", "Hedge and Ladder", "blog", "en",
         ("Start", "All posts", "Tags", "Photographs", "About me"), "No cookies except the ones in the tin."),
    Site("valley-courier.example", "The Valley Courier", "news", "en",
         ("News", "Weather", "Culture", "Letters", "Sport", "Subscribe"), "The Valley Courier. All rights reserved."),
    Site("spokes-forum.example", "Spokes Forum", "forum", "en",
         ("Forum index", "Search", "Members", "Rules", "Register", "Log in"), "Powered by patience. Times are UTC."),
    Site("manual.tallybook.example", "Manuals", "docs", "en",
         ("Overview", "Install", "Guide", "Reference", "Changelog"), "Documentation built from the 3.2 branch."),
    Site("seed-barrow.example", "Seed Barrow Shop", "shop", "en",
         ("Seeds", "Tools", "Books", "Gifts", "Sale", "My account", "Basket (0)"), "Prices include tax. Free returns."),
    Site("manxiang.example", "慢巷手记", "blog", "zh",
         ("首页", "关于", "归档", "食谱", "留言", "订阅"), "从2011年开始，写在厨房的桌子上。"),
    Site("yeyu.example", "夜雨书灯", "blog", "zh",
         ("首页", "全部文章", "标签", "照片", "关于我"), "本站没有广告，只有茶。"),
    Site("linxi-news.example", "临溪晚报", "news", "zh",
         ("新闻", "天气", "文化", "来信", "体育", "订阅"), "临溪晚报社 版权所有 未经许可不得转载"),
    Site("luntai.example", "轮台论坛", "forum", "zh",
         ("论坛首页", "搜索", "会员", "版规", "注册", "登录"), "所有时间均为北京时间 当前在线 37 人"),
    Site("wendang.example", "使用手册", "docs", "zh",
         ("概述", "安装", "指南", "参考", "更新记录"), "文档由 3.2 分支生成"),
    Site("zhongzi.example", "种子小铺", "shop", "zh",
         ("种子", "工具", "图书", "礼品", "特价", "我的账户", "购物车（0）"), "价格含税，支持七天无理由退货"),
)  # fmt: skip

# What the furniture of a page says, English and Chinese.
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "cookies": "We use cookies to make this site work and to count visitors. Accept all | Settings | Reject",
        "skip": "Skip to content", "by": "Posted by", "read": "Read more", "popular": "Most popular",
        "related": "You may also like", "share": "Share: mail, print, copy link", "comments": "Comments",
        "search": "Search this site", "subscribe": "Get our newsletter every Friday. Enter your e-mail address.",
        "basket": "Add to basket", "price": "£4.20", "stock": "In stock, sent within two days",
        "top": "Back to top", "previous": "Previous", "next": "Next", "author": "the editor",
        "weather": "Today: showers, 11 °C", "edit": "Edit this page", "on": "On this page", "reviews": "Reviews (3)",
    },
    "zh": {
        "cookies": "本网站使用 Cookie 以保证正常运行并统计访问量。全部接受 | 设置 | 拒绝",
        "skip": "跳到正文", "by": "发布者", "read": "阅读全文", "popular": "热门文章",
        "related": "猜你喜欢", "share": "分享：邮件 打印 复制链接", "comments": "评论",
        "search": "站内搜索", "subscribe": "每周五发送邮件简报，请输入您的邮箱地址。",
        "basket": "加入购物车", "price": "￥12.80", "stock": "现货，两天内发出",
        "top": "返回顶部", "previous": "上一篇", "next": "下一篇", "author": "编辑部",
        "weather": "今天：阵雨，11 ℃", "edit": "编辑本页", "on": "本页目录", "reviews": "评价（3）",
    },
}  # fmt: skip

HEADLINES: dict[str, tuple[str, ...]] = {
    "en": ("Ten chairs and a dog", "The bridge will close in May", "What the postman carried",
           "A better way to stack wood", "Letters from the lighthouse", "Rain, and how to like it",
           "The museum of lost gloves", "Notes on soup"),
    "zh": ("十把椅子和一条狗", "五月大桥将封闭施工", "邮递员背着什么", "码柴火的好办法",
           "灯塔来信", "怎样喜欢下雨天", "丢失手套博物馆", "关于汤的笔记"),
}  # fmt: skip

REPLIES: dict[str, tuple[str, ...]] = {
    "en": ("Thanks, that helped me a lot.", "Same here, but in my case it took two evenings.",
           "Could you post a picture?", "I disagree about the second step, but the rest is right.",
           "Moved to the right section. Please read the rules.", "First!",
           "My father did it exactly like that.", "Bump."),
    "zh": ("谢谢楼主，很有帮助。", "我也遇到过，花了两个晚上。", "能不能发张照片看看？",
           "第二步我不太同意，其他的都对。", "已移到相应版块，请先阅读版规。", "沙发！",
           "我父亲也是这样做的。", "顶一下。"),
}  # fmt: skip

NICKNAMES: dict[str, tuple[str, ...]] = {
    "en": ("moss_and_rust", "Late_Train", "quietgear", "Pippin", "oldladder", "nine_lamps"),
    "zh": ("苔痕", "末班车", "安静的齿轮", "小苹果", "旧梯子", "九盏灯"),
}


def site(layout: str, lang: str, number: int = 0) -> Site:
    """A site of this layout and language; there are two blogs, so `number` tells which."""
    fitting = [one for one in SITES if one.layout == layout and one.lang == lang]
    return fitting[number % len(fitting)]


def prose(paragraphs: Sequence[str]) -> str:
    """Paragraphs as markup."""
    return "\n".join(f"<p>{escape(paragraph, quote=False)}</p>" for paragraph in paragraphs)


def page(of: Site, title: str, main: str, dice: Random, *, charset: str | None = "utf-8", date: str = "2024-03-01",
         data: object = None) -> str:  # fmt: skip
    """A whole page of a site: `main` is the markup of the article, `data` what goes into its JSON-LD block."""
    words, h = WORDS[of.lang], escape(title)
    declared = f'<meta charset="{charset}">\n' if charset else ""
    linked = f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>\n' if data else ""
    head = (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if of.lang == "zh" else "en"}">\n<head>\n{declared}'
        f"<title>{h} | {of.name}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="stylesheet" href="/static/site.css">\n{linked}'
        "<script>window.visits = (window.visits || 0) + 1;</script>\n</head>\n"
    )
    bar = f'<div class="cookie-banner" role="dialog"><p>{words["cookies"]}</p></div>\n'
    body = LAYOUTS[of.layout](of, h, main, date, dice)
    skip = f'<a class="skip" href="#main">{words["skip"]}</a>\n'
    return f'{head}<body class="{of.layout}">\n{skip}{body}{bar}</body>\n</html>\n'


def blog(of: Site, title: str, main: str, date: str, dice: Random) -> str:
    words = WORDS[of.lang]
    return (
        f'<header class="site-header"><div class="logo"><a href="/">{of.name}</a></div>\n{_menu(of)}</header>\n'
        f'<div class="wrap"><main id="main"><article class="post">\n<h1 class="entry-title">{title}</h1>\n'
        f'<div class="entry-meta"><time datetime="{date}">{date}</time> · {words["by"]} {words["author"]}</div>\n'
        f'<div class="entry-content">\n{main}\n</div>\n'
        f'<div class="share-buttons">{words["share"]}</div>\n</article>\n'
        f'<section class="comments" id="comments"><h2>{words["comments"]}</h2>\n'
        f"{_replies(of, 2, dice)}</section></main>\n"
        f"{_aside(of, words['popular'], dice)}</div>\n{_footer(of)}"
    )


def news(of: Site, title: str, main: str, date: str, dice: Random) -> str:
    words = WORDS[of.lang]
    return (
        f'<header class="masthead"><p class="brand">{of.name}</p><p class="weather">{words["weather"]}</p>\n{_menu(of)}'
        f'</header>\n<div class="breadcrumb"><a href="/">{of.menu[0]}</a> &gt; <a href="/c">{of.menu[2]}</a></div>\n'
        f'<main id="main"><article>\n<header><h1>{title}</h1>\n'
        f'<p class="byline">{words["by"]} {words["author"]}, {date}</p>'
        f'</header>\n<div class="article-body">\n{main}\n</div>\n</article>\n'
        f'<div class="newsletter"><form><label>{words["subscribe"]}</label><input type="email"></form></div></main>\n'
        f"{_aside(of, words['related'], dice)}\n{_footer(of)}"
    )


def forum(of: Site, title: str, main: str, date: str, dice: Random) -> str:
    name = pick(NICKNAMES[of.lang], dice)
    return (
        f'<div id="header"><div class="logo"><a href="/">{of.name}</a></div>\n{_menu(of)}</div>\n'
        f'<div id="main" class="thread"><h1>{title}</h1>\n'
        f'<div class="pagination"><a href="?p=1">1</a> <a href="?p=2">2</a> <a href="?p=2">&raquo;</a></div>\n'
        f'<div class="post" id="p1"><div class="post-author"><b>{name}</b><br>{17 + int(dice.random() * 900)}</div>\n'
        f'<div class="post-body">\n{main}\n</div></div>\n'
        f'<div class="comments">{_replies(of, 3, dice)}</div></div>\n{_footer(of)}'
    )


def docs(of: Site, title: str, main: str, date: str, dice: Random) -> str:
    words = WORDS[of.lang]
    return (
        f'<header class="topbar"><a class="brand" href="/">{of.name}</a>\n<form role="search"><input type="search" '
        f'placeholder="{words["search"]}"></form></header>\n<div class="columns"><nav class="sidebar" '
        f'aria-label="toc">{_menu(of)}</nav>\n<main id="main" role="main"><article>\n<h1>{title}</h1>\n{main}\n'
        "</article>\n"
        f'<div class="prev-next"><a href="/p">{words["previous"]}</a> <a href="/n">{words["next"]}</a> '
        f'<a href="/e">{words["edit"]}</a></div></main>\n<aside class="toc"><p>{words["on"]}</p>'
        f'<a href="#main">{title}</a>'
        f"</aside></div>\n{_footer(of)}"
    )


def shop(of: Site, title: str, main: str, date: str, dice: Random) -> str:
    words = WORDS[of.lang]
    return (
        f'<header class="shop-header"><a href="/">{of.name}</a>\n{_menu(of)}</header>\n'
        f'<main id="main"><div class="product">\n<h1 class="product-title">{title}</h1>\n'
        f'<div class="buy-box"><span class="price">{words["price"]}</span> <span>{words["stock"]}</span> '
        f'<button type="button">{words["basket"]}</button></div>\n'
        f'<div class="description" itemprop="description">\n{main}\n'
        f'</div>\n<div class="tabs"><a href="#r">{words["reviews"]}</a></div></div></main>\n'
        f"{_aside(of, words['related'], dice)}\n{_footer(of)}"
    )


LAYOUTS = {"blog": blog, "news": news, "forum": forum, "docs": docs, "shop": shop}


def _menu(of: Site) -> str:
    items = "".join(f'<li><a href="/{number}">{label}</a></li>' for number, label in enumerate(of.menu))
    return f'<nav class="menu"><ul>{items}</ul></nav>\n'


def _aside(of: Site, heading: str, dice: Random) -> str:
    lines = shuffled(HEADLINES[of.lang], dice)[:4]
    links = "".join(f'<li><a href="/s/{number}">{line}</a></li>' for number, line in enumerate(lines))
    return f'<aside class="sidebar"><h3>{heading}</h3><ul>{links}</ul></aside>\n'


def _replies(of: Site, count: int, dice: Random) -> str:
    lines = shuffled(REPLIES[of.lang], dice)[:count]
    names = shuffled(NICKNAMES[of.lang], dice)
    return "".join(
        f'<div class="comment"><b>{name}</b><p>{line}</p></div>\n' for name, line in zip(names, lines, strict=False)
    )


def _footer(of: Site) -> str:
    words = WORDS[of.lang]
    top = f'<a href="#main">{words["top"]}</a>'
    return f'<footer class="site-footer"><p>&copy; 2024 {of.name}</p><p>{of.footer}</p>{top}</footer>\n'
