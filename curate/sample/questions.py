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
        Questions("Vegetable boxes: your questions answered", (
            ("What is in a box?",
             ("Whatever is ripe. In spring that means leaves and radishes, in autumn roots and squash, and there are "
             "always at least seven kinds that come from fields within a day's walk.")),
            ("Can I leave out something I do not like?",
             ("You can name two vegetables that you never want to see, and we will put in more of the others. We "
              "cannot "
             "pack every box by hand to a list, because there are only three of us.")),
            ("When are the boxes delivered?",
             ("On Wednesdays before noon for the valley, and on Fridays for everybody else. If you are out, we leave "
             "the box in the shade, with a damp cloth over the salad.")),
            ("How do I stop for the holidays?",
             ("Write to us by Sunday evening and the next box will go to the school kitchen instead. You pay nothing "
              "for "
             "the weeks in which you are away.")),
        )),
        Questions("Hiring a boat: what people ask", (
            ("Do I need a licence?",
             ("For the rowing boats you need nothing but dry shoes. For the motor boat we will show you the controls, "
             "and the person at the wheel must be at least eighteen years old.")),
            ("How many people fit into one boat?",
             ("Four adults, or three adults and two children, and the life jackets decide in cases of doubt. A large "
              "dog "
             "counts as an adult, because it moves about more.")),
            ("What if the weather turns?",
             ("Watch the flag on the mill: when it goes up, come back to the nearest landing and call us. You will "
              "get a "
             "voucher for the time that you have lost.")),
            ("Where may we stop on the way?",
             ("At the three marked landings and on the sand bank below the chapel. The reeds are closed from March to "
             "July, since birds are breeding there.")),
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
        Questions("蔬菜箱问答", (
            ("箱子里都有什么？",
             "什么熟了就有什么。春天是青菜和小萝卜，秋天是根茎和南瓜，至少有七样，都来自步行一天之内能到的菜地。"),
            ("不爱吃的菜可以不要吗？",
             "您可以指定两样永远不想看见的菜，我们会用别的补上。不过没有办法按照每个人的清单装箱，因为我们只有三个人。"),
            ("什么时候送到？",
             "山谷里的住户星期三中午以前送到，其他地方星期五送。如果家里没有人，箱子会放在阴凉处，菜叶上盖一块湿布。"),
            ("出门度假怎样暂停？",
             "星期天晚上以前写信告诉我们，下一箱就会送到学校的食堂去。您不在家的那几个星期不收任何费用。"),
        )),
        Questions("租船须知：大家常问的几个问题", (
            ("需要驾驶证吗？",
             "划桨的小船只需要一双干鞋。带发动机的船我们会先教您操作，掌舵的人必须年满十八岁。"),
            ("一条船能坐几个人？",
             "四个大人，或者三个大人加两个孩子，拿不准的时候以救生衣的数目为准。大狗算一个大人，因为它更爱走动。"),
            ("天气突然变坏怎么办？",
             "请留意磨坊上的旗子，旗子升起来的时候，就近靠岸并给我们打电话。耽误的时间会折成一张代金券还给您。"),
            ("途中可以在哪里停靠？",
             "三个有标志的码头，以及小教堂下面的沙滩。三月到七月芦苇荡不开放，因为有鸟在那里孵蛋。"),
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
