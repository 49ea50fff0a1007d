"""How blocks begin that belong to the furniture of pages: "Related articles", "Share", "相关阅读".

A phrase counts where a block starts with it and it ends there or at the end of a word. Case does not matter.
"""

from __future__ import annotations

import numpy as np

from curate.kernels import part
from curate.kernels.html.characters import IS_LETTER
from curate.kernels.html.scan import HASH_START, Bytes, hash_of, hashed, key_table, look_up

PHRASES = {
    "related": """
        往期推荐 | 往期回顾 | 大家还在看 | 更多相关 | 相关资讯 | 相关内容 | 同类文章 | 看了又看 | 大家做的 |
        related | you may also | you might also | you may like | recommended | more from | more on | more in |
        more stories | read next | see also | also on | also read | popular | most read | most popular |
        trending | latest | recent posts | recent articles | top stories | don't miss | up next |
        what to read next | similar | people also | customers also | frequently bought | explore more |
        further reading | 相关阅读 | 相关新闻 | 相关文章 | 相关推荐 | 相关链接 | 相关专题 | 相关报道 | 延伸阅读 |
        推荐阅读 | 热门推荐 | 热点推荐 | 猜你喜欢 | 为您推荐 | 精彩推荐 | 热门文章 | 热门新闻 | 最新文章 |
        最新新闻 | 更多新闻 | 更多文章 | 点击排行 | 排行榜 | 今日热点 | 编辑推荐 | 本周热门 | 大家都在看 |
        相關文章 | 相關新聞 | 延伸閱讀 | 熱門 | 你可能 | mehr zum thema | lesen sie auch | auch interessant |
        à lire aussi | lire aussi | articles liés | te puede interesar | leia também | leggi anche | 関連記事 |
        おすすめ | 관련
    """,
    "share": """
        点击上方 | 长按 | 识别二维码 | 觉得不错 | 点个在看 | 点赞 | 转发到 | 专页 | 專頁 | 粉絲 | 加为好友 | 赞 |
        share | tweet | follow us | follow | facebook | twitter | email this | print this | print | pin it |
        like this | copy link | 分享 | 转发 | 收藏 | 打印 | 字号 | 字体 | 关注 | 扫一扫 | 扫码 | 微信 | 点赞 |
        分享到 | 評分 | 讚 | 推薦給 | teilen | drucken | partager | imprimer | compartir | シェア
    """,
    "comments": """
        comments | comment | leave a reply | leave a comment | post a comment | add a comment |
        join the conversation | reply | write a comment | responses | reviews | write a review |
        customer reviews | your email address | log in to reply | report abuse | 评论 | 我要评论 | 网友评论 |
        发表评论 | 最新评论 | 热门评论 | 条评论 | 网友 | 回复 | 举报 | 已有 | 發表評論 | 留言 | kommentare |
        kommentar | commentaires | comentarios | コメント | 댓글
    """,
    "legal": """
        未經授權 | 不得转载 | 不得轉載 | 凡注明 | 转载请注明 | 轉載請註明 | ※ 版权声明 | 本站 | 本文由 | 举报邮箱 |
        this post may contain affiliate | affiliate | opinions expressed |
        copyright | © | (c) | all rights reserved | privacy policy | privacy | terms of | terms | cookie |
        cookies | we use cookies | this site uses | this website uses | disclaimer | legal | imprint | impressum |
        datenschutz | contact us | about us | advertise with | 版权所有 | 版权声明 | 免责声明 | 声明 | 备案 |
        京icp | 沪icp | 粤icp | icp | 联系我们 | 关于我们 | 网站地图 | 法律声明 | 本网 | 凡本网 | 未经授权 |
        著作權 | mentions légales | aviso legal | tous droits
    """,
    "form": """
        马上注册 | 您需要登录 | 登录后 | 请登录 | 请先登录 | 立即登录 | you must be logged in |
        thanks for contributing |
        subscribe | sign up | sign in | log in | login | register | newsletter | get the latest | search |
        enter your | submit | your email | create account | forgot | password | join now | download the app |
        get our | stay up to date | 注册 | 登录 | 登入 | 搜索 | 订阅 | 用户名 | 密码 | 下载 | 客户端 | 验证码 |
        会员 | 註冊 | 搜尋 | anmelden | registrieren | suche | abonnieren | s'abonner | suscríbete | buscar |
        検索 | ログイン
    """,
    "meta": """
        文章录入 | 责任编辑： | 文／ | 文/ | 图/ | 图： | 摄影 | 本报记者 | 撰文 | 编译 | 创建于 | 更新于 |
        发表于 | 楼主 | 最后编辑 |
        last edited | joined | reputation | likes | edited by | reviewed by | medically reviewed |
        by | posted | published | updated | last updated | written by | author | date | source | filed under |
        tags | tagged | category | categories | topics | photo | image | photograph | min read | views | 来源 |
        作者 | 编辑 | 责任编辑 | 责编 | 发布时间 | 发布 | 时间 | 日期 | 原标题 | 记者 | 浏览 | 阅读 | 点击 |
        标签 | 分类 | 关键词 | 稿源 | 來源 | 編輯 | 發布 | 記者 | von | veröffentlicht | publié | par | por |
        foto | quelle
    """,
    "paging": """
        click here | learn more | view all | read more: | more: | << | >> | you are here | jump to | on this page |
        table of contents | contents | 目录 | 按此 | 点击查看 | 点击这里 |
        previous | next | prev | older | newer | back to | page | first | last | load more | show more |
        view all | see all | read more | continue reading | more | skip to | home | menu | top | go to | 上一篇 |
        下一篇 | 上一页 | 下一页 | 首页 | 尾页 | 返回 | 更多 | 查看更多 | 阅读全文 | 展开 | 下一頁 | 上一頁 |
        首頁 | 全文 | 查看全部 | 当前位置 | 您的位置 | 所在位置 | 您现在 | weiter | zurück | startseite |
        suivant | précédent | siguiente | anterior
    """,
    "advert": """
        advertisement | advertising | sponsored | promoted | ad | ads by | paid | partner content | buy now |
        add to cart | shop now | order now | book now | 广告 | 推广 | 赞助 | 立即购买 | 加入购物车 | 点击购买 |
        咨询 | 热线 | 客服 | 廣告 | 贊助 | anzeige | werbung | publicité | publicidad
    """,
}
BITS = 10
LONGEST = 40  # bytes

_NUMBERED = {
    phrase.strip(): number for number, phrases in enumerate(PHRASES.values(), 1) for phrase in phrases.split("|")
}
KEYS, VALUES = key_table({hash_of(bytes(b | 32 for b in p.encode())): n for p, n in _NUMBERED.items()}, BITS)


@part
def phrase_of(text: Bytes, start: int, length: int) -> int:
    """The class of the longest phrase that the block at `start` begins with; 0 for none."""
    key = np.uint64(HASH_START)
    found = 0
    end = start + min(length, LONGEST)
    for i in range(start, end):
        byte = int(text[np.uint64(i)])
        key = hashed(key, byte | 32)
        ends_word = i + 1 >= start + length or not (IS_LETTER[byte] and IS_LETTER[text[np.uint64(i + 1)]])
        if ends_word:
            value = look_up(KEYS, VALUES, BITS, key)
            if value:
                found = value
    return found
