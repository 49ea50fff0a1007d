"""What a corpus does not want, in both languages: adverts, keyword stuffing, insults, private data. All invented.

The insults are crude and aimed at nobody: invented forum names quarrel about trifles. Mail addresses end in `.example`
or `example.com`, telephone numbers are from the range kept for fiction (555-0100 to 555-0199), network addresses from
those kept for documentation.
"""

from __future__ import annotations

from curate.sample.prose import Subject

CASINO = Subject(
    name="casino",
    titles=("Claim your {bonus} bonus NOW!!!", "Top rated casino {year}: {bonus} free", "Play {game} and win {bonus}"),
    slots={
        "bonus": ("$500", "$777", "$1,000", "$2,500"),
        "game": ("Golden Sphinx slots", "Lucky Anchor roulette", "Mega Clover bingo", "Royal Otter poker"),
        "year": ("2024", "this spring", "of the month", "right now"),
        "spins": ("50", "120", "200", "75"),
    },
    text="""
* Sign up TODAY and get {spins} FREE SPINS with no deposit!!! Click here to claim your {bonus} welcome bonus.
| 💰💰 Hot offer: {bonus} welcome bonus plus {spins} free spins, no deposit needed, click here!!! 💰💰
* The best online casino {year} is waiting for you: slots, poker, roulette, blackjack, jackpots every single day.
| Play {game} now, win real money, cash out in minutes, 100 % safe, 100 % legal, 100 % fun!

* Click here >>> REGISTER NOW <<< and use the code WIN{spins} before midnight. Limited time only!
| Hurry, only {spins} bonuses left! Tap the button, enter the code LUCKY{spins}, and start winning tonight!
* Our players win {bonus} every hour on {game}. Will YOU be the next lucky winner? Join now for free!
| Bet small, win big: {game} pays out {bonus} daily. No risk, no limits, instant payout. Click here to play!
* Best odds guaranteed. VIP cashback. 24/7 live chat. Free bets every weekend. Do not miss this deal!
| Invite a friend and both of you get {spins} more free spins. Click here, click here, click here!
""",
)

AFFILIATE = Subject(
    name="affiliate",
    titles=(
        "{number} best {goods} you must buy",
        "{goods} SALE: up to {percent} off",
        "Our {goods} review (with coupon!)",
    ),
    slots={
        "goods": ("air fryers", "massage guns", "robot mops", "standing desks", "phone cases"),
        "number": ("7", "10", "13", "21", "5"),
        "percent": ("70%", "85%", "60%", "55%", "90%"),
        "code": ("SAVE70", "HOTDEAL", "EXTRA15", "BUYNOW", "VIP2024"),
    },
    text="""
* Looking for the best {goods}? We picked the top {number} deals so you don't have to! Check price >>
| These {number} {goods} are selling out FAST. Buy now and save up to {percent} with our exclusive coupon {code}!
* As an affiliate we earn from qualifying purchases. Prices and availability may change at any moment.
| This post contains affiliate links: if you click and buy, we may earn a commission at no extra cost to you.

* #1 Editor's choice: premium quality, 5 stars, free shipping. Buy now! Check today's price! Add to cart!
| Best value: add to cart now, apply coupon {code}, get {percent} off plus free shipping. Shop now >>
* #2 Budget pick: amazing price, great reviews, money back guarantee. Click here for the lowest price!
| Flash sale ends in 02:59:14! Only 3 left in stock! Order now! Use {code} at checkout!

* Subscribe to our newsletter for more coupons, promo codes and daily deals on {goods}. Unsubscribe at any time.
| Sponsored: compare {goods} prices from {number} shops. Limited offer. Terms apply. Shop the sale today!
""",
)

CURE = Subject(
    name="miracle cure",
    titles=(
        "Doctors hate this {thing} trick",
        "Lose {kilos} in {days} with {thing}",
        "{thing}: the secret they hide from you",
    ),
    slots={
        "thing": ("purple berry", "moon salt", "slim tea", "keto drops"),
        "kilos": ("12 pounds", "9 kilos", "two sizes", "20 pounds"),
        "days": ("7 days", "two weeks", "10 days", "one weekend"),
    },
    text="""
* You won't believe what happened when she tried {thing}: {kilos} gone in {days}, no diet, no exercise!
| This one weird {thing} trick melts {kilos} in {days}. Number 4 will shock you. Order today and save 80%!
* Try our RISK-FREE trial bottle now. Buy 2, get 3 FREE! Only while stocks last!!!
| Click the link below for your free trial of {thing}. Hurry, the video will be taken down soon!!!

* 100% natural. Clinically proven. Doctors are furious. Thousands of happy customers. Order {thing} now!
| "I lost {kilos} and my husband did not recognise me!" Click here to read more stories like this one.
* Special discount for today's visitors only: use the button below, supplies are limited, act now!
| Act fast: the price doubles at midnight. Money back guarantee. Buy {thing} with one click!
""",
)

WECHAT = Subject(
    name="加微信",
    titles=("{thing}加微信领取，名额有限！", "兼职{money}，在家就能做", "限时优惠：{thing}只要{price}"),
    slots={
        "thing": ("瘦身茶", "祛斑膏", "内部课程", "红包福利", "代购包包"),
        "money": ("日赚300元", "月入过万", "一单50元", "日结200元", "轻松赚外快"),
        "price": ("9.9元", "19.9元", "一元", "59元", "29.9元"),
        "code": ("sample-zengsong", "sample-fuli", "sample-jianzhi", "sample-youhui", "sample-daigou"),
    },
    joint="",
    text="""
* 【重磅福利】{thing}限时抢购，原价399元，现在加微信只要{price}！！！
| 🔥🔥还在为没钱发愁吗？{money}，不收押金，手机就能做，加微信 {code} 马上领取！🔥🔥
* 扫码添加客服微信：{code}，备注“福利”，前100名免费送{thing}一份，先到先得！
| 长按二维码扫码进群，每天红包领不停，{thing}免费试用，错过再等一年！

* 优惠券、满减、秒杀、包邮，全场低至一折，点击链接立即购买，手慢无！
| 今天下单立减100元，再送优惠券一张，点击下方按钮马上抢购！！！
* 无需经验，不限学历，时间自由，{money}，工资日结，宝妈学生都可以，速加微信 {code}。
| 已经有十万人加入，{money}不是梦，老师一对一带你，名额只剩最后8个，扫码咨询！
* 官方正品，假一赔十，七天无理由退款，咨询热线及微信同号，欢迎代理加盟！
| 转发本文到朋友圈，截图发给客服，再领{thing}一份，数量有限，送完为止！
""",
)

BETTING = Subject(
    name="博彩",
    titles=("{site}娱乐城开户送{money}", "{site}：真人荷官，天天返水", "最新{game}网址，注册就送{money}"),
    slots={
        "site": ("金海豚", "紫云阁", "大满贯", "幸运锚"),
        "money": ("88元彩金", "188元体验金", "666元红包", "首存翻倍"),
        "game": ("百家乐", "老虎机", "时时彩", "捕鱼达人"),
    },
    joint="",
    text="""
* {site}娱乐城，注册就送{money}，真人视讯、{game}、体育投注，二十四小时不打烊！！！
| 玩{game}，就上{site}！开户即送{money}，提款秒到账，信誉第一，老牌平台！
* 点击下方链接马上注册，输入邀请码再送{money}，存多少送多少，上不封顶！
| 💎新会员专享：{money}免费领，首存优惠，天天返水，周周抽奖，点击进入💎

* 百家乐、轮盘、老虎机、彩票投注，玩法齐全，赔率最高，爆奖不断，下一个大奖得主就是你！
| {site}官方网址，最新入口，手机版下载，扫码即玩，客服在线，欢迎加盟代理！
* 优惠活动火热进行中，邀请好友再得{money}，名额有限，赶快点击加入！
| 稳赚不赔，专家带单，跟着导师玩{game}，一天翻三倍，扫码进群领取秘籍！
""",
)

PROMOTION = Subject(
    name="促销",
    titles=("{goods}推荐：{number}款销量最好的", "{goods}优惠券领取入口", "{goods}哪个牌子好？看这{number}款就够"),
    slots={
        "goods": ("空气炸锅", "扫地机器人", "颈椎按摩仪", "保温杯", "学习机"),
        "number": ("5", "7", "10", "12", "8"),
        "money": ("30元", "100元", "50元", "200元", "80元"),
    },
    joint="",
    text="""
* 小编为大家精选了{number}款{goods}，好评如潮，领券立减{money}，点击查看价格>>
| {goods}怎么选？看完这篇就够了，文末有隐藏优惠券，下单立减{money}，先到先得！
* 第一款：销量冠军，五星好评，顺丰包邮，券后价低到不敢相信，立即购买>>
| 第一款：颜值超高，闺蜜都问我要链接，今天领券再减{money}，赶紧加入购物车！

* 第二款：限时秒杀，买一送一，库存只剩最后20件，手慢无，点击抢购>>
| 第二款：厂家直销，正品保证，假一赔三，满减叠加优惠券，错过今天等一年！
* 本文含推广链接，购买后我们会获得佣金，价格以页面为准，优惠随时结束。
| 关注公众号回复“{goods}”领取内部优惠券，每天更新好价，扫码进省钱群！
* 双重优惠：领券减{money}，晒单返现20元，还有机会抽取{goods}一台，快来参加吧！
| 更多{goods}好价，点击收藏本店，新人首单再减{money}，全场包邮！
""",
)

ADVERTS: dict[str, tuple[Subject, ...]] = {"en": (CASINO, AFFILIATE, CURE), "zh": (WECHAT, BETTING, PROMOTION)}

# Keyword stuffing: a page is a heap of these, repeated and turned about.
KEYWORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("cheap flights", "cheap hotels", "last minute flights", "flight deals", "hotel deals", "cheap car hire"),
        ("buy essay", "essay writing service", "cheap essay", "custom essay online", "write my essay", "essay help"),
        ("payday loan", "fast cash loan", "bad credit loan", "instant loan online", "cheap loan", "no check loan"),
        ("seo services", "buy backlinks", "rank first", "cheap seo", "website traffic", "seo expert near me"),
    ),
    "zh": (
        ("特价机票", "便宜酒店", "机票预订", "打折机票", "酒店预订", "旅游团购"),
        ("论文代写", "代写论文", "论文代写价格", "毕业论文代写", "论文发表", "职称论文"),
        ("小额贷款", "无抵押贷款", "急用钱贷款", "当天放款", "贷款咨询", "信用贷款"),
        ("网站优化", "关键词排名", "快速排名", "外链代发", "网站推广", "百度推广"),
    ),
}

QUARREL_EN = Subject(
    name="quarrel",
    titles=("Re: {matter} - you are all idiots", "{name} go home", "Worst thread ever about {matter}"),
    slots={
        "name": ("grumblefox", "MudPuddle77", "captain_sock", "turnip_lord"),
        "matter": ("chain oil", "the red teapot", "how to prune roses", "pawn endings"),
    },
    text="""
* {name}, you are a complete idiot, and everything you wrote about {matter} is stupid garbage.
| What a pathetic moron you are, {name}; a rotten potato knows more about {matter} than you do.
* Shut your damn mouth, you stinking liar, nobody here wants to read your crap.
| Nobody asked you, you ugly brainless clown, so shut up and crawl back into your hole.

* If I ever meet you I will break your stupid nose, and then I will throw you and your bike into the canal.
| Come here and say that again, coward, and I will punch your teeth out one after another.
* You are worthless, you disgusting piece of trash, and your mother should be ashamed of what she raised.
| Go to hell, you filthy rat; I hope your whole house burns down with your damned {matter} collection inside.

* All of you in this forum are morons and losers, and the moderators are the biggest idiots of them all.
| I hate every one of you bastards, and I hope you choke on your own stupid words.
* Delete your account, {name}, you loser, before I find out where you live and make you regret it.
| Screw you, {name}, you dumb son of a goat; you will be sorry, I promise you that.
""",
)

QUARREL_ZH = Subject(
    name="吵架",
    titles=("回复：{matter}，你们全是蠢货", "{name}滚出去", "关于{matter}的最烂的帖子"),
    slots={
        "name": ("爱抬杠的老猫", "泥坑大王", "臭袜子船长", "萝卜霸王"),
        "matter": ("链条油", "红茶壶", "月季修剪", "残局解法"),
    },
    joint="",
    text="""
* {name}，你就是个彻头彻尾的白痴，你写的那些关于{matter}的东西全是垃圾。
| 你这个脑子进水的蠢货，{name}，一颗烂土豆都比你懂{matter}。
* 闭上你的臭嘴，你这个满口谎话的混蛋，没有人想看你放屁。
| 谁问你了，丑八怪，没脑子的废物，赶紧滚回你的狗窝里去。

* 别让我碰见你，碰见一次打一次，打断你的鼻子，再把你连人带车扔进河里。
| 有种你过来再说一遍，胆小鬼，看我不把你的牙一颗一颗打下来。
* 你一文不值，恶心的人渣，你妈都替你丢脸。
| 去死吧，你这只臭老鼠，我巴不得你家着火，连你那些破{matter}一起烧光。

* 这个论坛里的人全是傻子，版主是最大的傻子，一群没用的东西。
| 我恨你们每一个王八蛋，最好被自己说的蠢话噎死。
* 赶紧注销吧，{name}，窝囊废，等我查出你住在哪里，有你后悔的时候。
| 滚你的蛋，{name}，狗东西，你等着瞧，我说到做到。
""",
)

QUARRELS: dict[str, Subject] = {"en": QUARREL_EN, "zh": QUARREL_ZH}

PERSONAL_EN = Subject(
    name="private data",
    titles=("Members of the {club} club", "Contact sheet, {club} committee", "Lost and found: {club}"),
    slots={
        "club": ("rowing", "chess", "beekeeping", "walking"),
        "first": ("Ada Quillfeather", "Tobias Marlowhite", "Ines Underbough", "Piet Harrowgate"),
        "second": ("Orla Fennimoor", "Casimir Lightfoot", "Wilma Stonecrop", "Jonas Applewain"),
        "n": ("0112", "0134", "0157", "0188"),
        "ip": ("192.0.2.17", "198.51.100.23", "203.0.113.5", "192.0.2.201"),
    },
    text="""
* The new secretary is {first}, who can be reached at secretary.{n}@example.com or by telephone at +1 555-{n}.
| Please send your fees to {first}, secretary.{n}@example.com, and call +1 555-{n} if you have not heard back.
* {second} looks after the keys; ring 555-{n} after six, or write to keys@{club}.example and allow two days.
| For the boathouse key ask {second} at keys@{club}.example, who lives at 14 Nowhere Lane, third bell from the left.

* The list was last changed from the address {ip}, and whoever did it has removed all of the birthdays.
| Somebody logged in from {ip} at midnight, so the committee has decided that every member must change the password.
* Born on 31 February 1970, {first} is the youngest member of the committee, and holds the card number 0000 1111 2222.
| The insurance number of the {club} club is ZZ 00 00 {n}, and it should be mentioned in every letter about the roof.
* Anyone who would like to be taken off this page may write to the address above, and it will be done within a week.
| We print these addresses because members have asked for them; please do not pass them on to people who sell things.
""",
)

PERSONAL_ZH = Subject(
    name="个人信息",
    titles=("{club}协会通讯录", "{club}协会招募启事", "失物招领（{club}协会）"),
    slots={
        "club": ("划船", "围棋", "养蜂", "徒步"),
        "first": ("梅知秋雨", "柳小溪石", "方圆月白", "谷雨田青"),
        "second": ("江上清风", "石榴花开", "云中漫步", "半亩方塘"),
        "n": ("0113", "0135", "0158", "0189"),
        "ip": ("192.0.2.18", "198.51.100.24", "203.0.113.6", "192.0.2.202"),
    },
    joint="",
    text="""
* 新任秘书{first}，邮箱是 mishu.{n}@example.com，电话 +1 555-{n}，有事请在晚上八点以前联系。
| 会费请交给{first}，邮箱 mishu.{n}@example.com，三天没有回音的话，请拨打 +1 555-{n}。
* 钥匙由{second}保管，可以打 555-{n}，也可以写信到 yaoshi@club.example，请提前两天。
| 借用仓库的钥匙请找{second}，yaoshi@club.example，住在无名巷十四号，左边第三个门铃。

* 这份名单最后一次修改来自地址 {ip}，不知是谁把大家的生日全都删掉了。
| 半夜有人从 {ip} 登录，所以委员会决定，每位会员都要更换密码。
* {first}出生于1970年2月31日，是委员会里最年轻的一位，会员卡号是 0000 1111 2222。
| 协会的保险编号是 ZZ 00 00 {n}，以后凡是为屋顶写信，都要把它写在开头。
* 不愿意出现在本页的会员，请写信到上面的邮箱，我们会在一周之内删除。
| 公布这些联系方式是应会员的要求，请不要转给推销的人，也不要贴到别的网站上去。
""",
)

PERSONAL: dict[str, Subject] = {"en": PERSONAL_EN, "zh": PERSONAL_ZH}
