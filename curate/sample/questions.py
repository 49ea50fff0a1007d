"""Pages with a form of their own: frequent questions and recipes, in both languages."""

from __future__ import annotations

from typing import NamedTuple


class Questions(NamedTuple):
    """A page of frequent questions: its title, then (question, answer) pairs."""

    title: str
    pairs: tuple[tuple[str, str], ...]


class Recipe(NamedTuple):
    """A recipe: what it is, what goes in, what to do."""

    title: str
    about: str
    ingredients: tuple[str, ...]
    steps: tuple[str, ...]


QUESTIONS: dict[str, tuple[Questions, ...]] = {
    "en": (
        Questions("Village library: frequent questions", (
            ("How do I become a member?",
             ("Come to the desk with any letter that shows your name and address. Membership is free, it takes five "
             "minutes, and you may borrow your first books on the same day.")),
            ("How long can I keep a book?",
             ("Four weeks, and twice as long if nobody else is waiting for it. You will get a note two days before it "
             "is due, and you can extend the loan by answering that note.")),
            ("What happens if I lose one?",
             ("Tell us, and bring a copy in fair condition if you can find it. We would rather have a different good "
             "book than money, so ask at the desk what the shelf is missing.")),
            ("May I bring my dog?",
             ("Dogs that can lie under a table for an hour are welcome in the reading room. On Saturdays, when the "
             "children have their story time, we ask you to leave them at home.")),
            ("Do you take donations?",
             ("Yes, between April and October, and no more than two boxes at a time. Whatever we cannot use is sold at "
             "the summer fair, and the proceeds pay for the heating.")),
        )),
        Questions("Keeping vegetables fresh: your questions answered", (
            ("How long do carrots keep in a cellar?",
             ("Five months and more, if the leaves are twisted off and the roots lie in damp sand without "
              "touching one another. A cellar between one and five degrees is best, and a box of sand lasts for "
              "many winters.")),
            ("Why should potatoes be stored in the dark?",
             ("Light turns potatoes green, and the green parts contain solanine, which tastes bitter and upsets "
              "the stomach. A paper sack or a lidded crate in a cool room is dark enough, and lets the damp "
              "escape.")),
            ("Can onions and potatoes be kept together?",
             ("Better not. Potatoes give off moisture, which makes onions sprout and rot, while onions give off a"
              " gas that wakes potatoes up. Two shelves apart in the same larder are usually far enough.")),
            ("How can wilted lettuce be made crisp again?",
             ("Cut a thin slice off the stem and stand the head in cold water for a quarter of an hour. The "
              "leaves drink, the cells fill up, and most of the crunch comes back. Slimy leaves are past help.")),
            ("What is the best way to freeze green beans?",
             ("Boil the beans for three minutes, cool them in iced water, dry them on a cloth, and freeze them on"
              " a tray before they go into a bag. Without the short boil they lose colour and taste within two "
              "months.")),
            ("When is a pumpkin ripe enough to store?",
             ("A ripe pumpkin sounds hollow when knocked, and its stalk has turned to cork. Leave a hand's "
              "breadth of stalk on the fruit, and let the skin harden in the sun for ten days.")),
        )),
        Questions("Rowing for beginners: what people ask", (
            ("How should a life jacket fit?",
             ("Snug enough that two fingers go under the shoulder straps, and no more. Lift the jacket by its "
              "shoulders: if it slides up to the ears, a smaller size is the safer one.")),
            ("Why does a rowing boat turn to one side?",
             ("One oar pulls harder, deeper or earlier than the other. Keep both blades just under the surface, "
              "watch a point on the bank behind the stern, and correct with single short strokes.")),
            ("What does feathering an oar mean?",
             ("Feathering means turning the blade flat while it travels back through the air. A flat blade meets "
              "less wind and skips over small waves instead of catching in them.")),
            ("How can a capsized boat be righted?",
             ("Stay with the boat, since it floats and is easy to see. Two people stand on one edge, hold the "
              "other and lean back until the hull rolls over, and then bail before climbing in over the stern.")),
            ("When is the wind too strong for a small boat?",
             ("White caps on the water are the usual limit, which is about force four, or thirty kilometres an "
              "hour. A beginner should turn back earlier, because rowing home against the wind takes twice the "
              "time.")),
            ("Which knot holds a boat to a ring?",
             ("The bowline holds without slipping and comes undone even after a wet night. A round turn and two "
              "half hitches is quicker to tie, and can be let go while the rope is under load.")),
        )),
    ),
    "zh": (
        Questions("镇图书馆常见问题", (
            ("怎样办理借书证？",
             "带上任何一封写有您姓名和住址的信件到服务台即可。办证不收费用，大约五分钟就能办好，当天就可以借书。"),
            ("一本书可以借多久？",
             "四个星期，如果没有别人在等，可以再延长一次。到期前两天我们会发出提醒，直接回复那封提醒就可以续借。"),
            ("书丢了怎么办？",
             "请先告诉我们，再想办法找一本品相尚可的同样的书。比起赔钱，我们更愿意收到另一本好书，缺什么书可以在服务台询问。"),
            ("可以带狗进来吗？",
             "能在桌子底下安静趴一个小时的狗，阅览室是欢迎的。星期六有儿童故事会，请把它留在家里。"),
            ("你们接受捐书吗？",
             "每年四月到十月接受捐书，一次不要超过两箱。用不上的书会在夏天的集市上出售，所得用来支付冬天的取暖费。"),
        )),
        Questions("蔬菜保存问答", (
            ("胡萝卜在地窖里能放多久？",
             "五个月以上。先把叶子拧掉，再一层一层埋进潮湿的沙子里，根与根之间不要碰到。地窖的温度在一度到五度之间最合适，沙子可以用许多年。"),
            ("土豆为什么要避光存放？",
             "土豆见了光会变绿，变绿的地方含有龙葵碱，味道发苦，吃了肚子不舒服。放在阴凉的屋子里，用纸袋或者带盖的木箱装好，既不见光，也能透气。"),
            ("洋葱和土豆可以放在一起吗？",
             "最好不要。土豆会散出水气，让洋葱发芽腐烂；洋葱散出的气体又会催土豆发芽。同一个储藏室里，隔开两层架子一般就够了。"),
            ("生菜蔫了怎样恢复脆嫩？",
             "把根部切去薄薄一片，整棵立在冷水里泡一刻钟，叶片吸足了水，大半的脆劲就会回来。已经发黏的叶子只能扔掉。"),
            ("四季豆冷冻以前为什么要焯水？",
             "焯三分钟可以让豆子里的酶停下来，不然两个月以后颜色和味道都会变差。焯好马上过冰水，擦干，先摊在盘子里冻硬，再装进袋子。"),
            ("怎样判断南瓜熟透了？",
             "敲起来声音发空，瓜柄变得像软木一样，就是熟了。摘的时候留一掌长的瓜柄，在太阳底下晒十天，让瓜皮变硬，可以放到第二年春天。"),
        )),
        Questions("划船入门：大家常问的几个问题", (
            ("救生衣怎样才算合身？",
             "肩带下面能伸进两根手指，再多就太松了。提起肩部试一试，如果衣服一直滑到耳朵旁边，说明尺码太大，换小一号更安全。"),
            ("小船为什么总往一边偏？",
             "多半是一支桨划得更用力、更深或者更早。让两支桨的桨叶都刚好没入水面，眼睛看着船尾后面岸上的一个点，偏了就用短促的一桨修正。"),
            ("平桨是什么意思？",
             "桨叶在空中向后移动的时候转成水平，就叫平桨。放平的桨叶受风小，碰到小浪也会滑过去，不会被浪咬住。"),
            ("小船翻了应该怎么办？",
             "先抓住船，船不会沉，也更容易被人看见。两个人站在一侧的船舷上，拉住另一侧往后仰，船身就会翻过来，再把水舀出去，从船尾爬上去。"),
            ("多大的风不适合划小船？",
             "水面出现白浪就到了极限，大约是四级风，每小时三十公里。初学者应该更早回头，因为顶着风划回来要花两倍的时间。"),
            ("系船用什么绳结最可靠？",
             "单套结不会滑动，泡了一夜的水也解得开。绕一圈再打两个半结更快，绳子受力的时候也能放开。"),
        )),
    ),
}  # fmt: skip

RECIPES: dict[str, tuple[Recipe, ...]] = {
    "en": (
        Recipe("Oat bread without kneading",
               "A loaf for people who have more patience than strength. The dough is stirred in the evening, it works "
               "through the night by itself, and it is baked before breakfast.",
               ("400 g strong flour", "100 g rolled oats", "8 g salt", "2 g dry yeast", "380 ml cool water",
                "1 spoonful of honey"),
               ("Stir everything together in a large bowl until no dry flour is left, which takes about a minute.",
                "Cover the bowl with a plate, and leave it on the table for ten to twelve hours.",
                "Fold the dough over itself four times with a wet hand, and let it rest while the oven grows hot.",
                "Heat an iron pot to 230 °C, drop the dough in, put the lid on, and bake it for half an hour.",
                "Take off the lid, bake for another fifteen minutes, and wait an hour before you cut it, if you can.")),
        Recipe("Carrot soup with orange",
               "Bright, cheap and ready in forty minutes, this soup forgives almost everything except too little salt. "
               "It is as good cold in July as it is hot in January.",
               ("800 g carrots", "2 onions", "1 orange", "30 g butter", "1 litre of stock", "a thumb of ginger"),
               ("Slice the onions and soften them in the butter over a low flame, without letting them colour.",
                "Add the carrots in thick coins together with the ginger, and turn them in the butter for five "
                "minutes.",
                "Pour in the stock, and simmer until a knife goes through the carrots without being asked twice.",
                "Blend the soup, add the juice of the orange, and taste it before and after you salt it.",
                "Serve with a little of the grated peel on top, and with bread to wipe the bowl.")),
        Recipe("Plum cake on a tray",
               "This is the cake that appears on our street in the third week of September, when everybody who has a "
               "plum tree is trying to give plums to everybody who has one.",
               ("500 g flour", "250 ml warm milk", "80 g butter", "70 g sugar", "7 g dry yeast", "1.5 kg plums"),
               ("Mix flour, yeast, sugar, milk and melted butter, and knead for eight minutes until the dough is "
                "smooth.",
                "Let it rise under a cloth for an hour, in a place where you would like to sit yourself.",
                "Halve the plums and take out the stones, then roll the dough out on a buttered tray.",
                "Set the plums upright in close rows, like roof tiles, with the cut side towards you.",
                "Bake for thirty-five minutes at 190 °C, and sugar the cake only when it comes out of the oven.")),
    ),
    "zh": (
        Recipe("不用揉的燕麦面包",
               "这是给有耐心、没力气的人准备的面包。晚上把面糊搅好，让它自己忙上一夜，第二天早饭以前烤出来就行。",
               ("高筋面粉 400 克", "燕麦片 100 克", "盐 8 克", "干酵母 2 克", "凉水 380 毫升", "蜂蜜 1 勺"),
               ("把所有材料放进大碗里搅匀，看不到干粉就可以停手，大约只要一分钟。",
                "用盘子盖住碗口，放在桌上静置十到十二个小时。",
                "手上沾一点水，把面团从四边向中间折叠四次，然后一边等烤箱升温，一边让它松弛。",
                "把铸铁锅烧到二百三十度，放入面团，盖上盖子烤半个小时。",
                "揭开盖子再烤一刻钟，出炉以后，如果忍得住，请等一个小时再切。")),
        Recipe("橙香胡萝卜浓汤",
               "颜色鲜亮，价钱便宜，四十分钟就能上桌。除了盐放得太少，这道汤几乎什么错误都能原谅，冬天喝热的，夏天喝凉的，都很合适。",
               ("胡萝卜 800 克", "洋葱 2 个", "橙子 1 个", "黄油 30 克", "高汤 1 升", "生姜 1 小块"),
               ("洋葱切片，用黄油小火慢慢炒软，不要让它变色。",
                "胡萝卜切成厚片，和姜一起下锅，在黄油里翻炒五分钟。",
                "倒入高汤，小火煮到刀尖可以轻松穿过胡萝卜为止。",
                "打成浓汤，挤入橙汁，加盐的前后各尝一次味道。",
                "盛出以后撒一点橙皮细末，旁边放一片可以擦碗的面包。")),
        Recipe("一整盘李子蛋糕",
               "每年九月的第三个星期，我们这条街上家家都会做这种蛋糕，因为有李子树的人，都在想办法把李子送给另一个有李子树的人。",
               ("面粉 500 克", "温牛奶 250 毫升", "黄油 80 克", "白糖 70 克", "干酵母 7 克", "李子 1.5 公斤"),
               ("面粉、酵母、糖、牛奶和融化的黄油混在一起，揉八分钟，揉到面团光滑。",
                "盖上布，放在一个你自己也愿意坐着的暖和地方，发酵一个小时。",
                "李子对半切开去核，面团擀开，铺在抹过黄油的烤盘上。",
                "把李子立起来一排一排码紧，像屋顶上的瓦片一样，切面朝着自己。",
                "一百九十度烤三十五分钟，出炉以后再撒糖，早撒会出水。")),
    ),
}  # fmt: skip
