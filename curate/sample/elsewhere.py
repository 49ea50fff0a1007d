"""Short texts at the edge of the crawl: other languages, pages too short to keep, and pages in no language at all."""

from __future__ import annotations

from random import Random

from curate.sample.prose import pick

# Three pages each: title and paragraphs. Written for the sample, and meant to be told from English and Chinese.
OTHER_LANGUAGES: dict[str, tuple[tuple[str, ...], ...]] = {
    "de": (
        ("Ein Vormittag am Kanal",
         ("Am Kanal ist es um diese Zeit noch still. Zwei Angler sitzen auf ihren Klappstühlen und reden über das "
          "Wetter, "
         "das sich seit Tagen nicht entscheiden kann. Ein Hund läuft zwischen ihnen hin und her, als müsste er "
         "Botschaften "
         "überbringen."),
         ("Gegen zehn kommt das erste Schiff. Es hat Kies geladen und liegt tief im Wasser, und der Schiffer grüßt mit "
         "zwei Fingern. Danach schlagen die Wellen noch lange an die Mauer, und die Angler packen ihre Brote aus.")),
        ("Warum unser Apfelbaum schief steht",
         ("Der Apfelbaum hinter dem Haus steht schief, seit ich denken kann. Mein Großvater sagte, der Wind sei "
          "schuld, "
         "meine Großmutter sagte, der Großvater sei schuld, weil er ihn nicht angebunden habe."),
         ("Jedes Jahr im Oktober ernten wir trotzdem vier Körbe voll. Die Äpfel sind klein, sauer und für den Kuchen "
         "genau richtig, und niemand in der Familie möchte einen geraden Baum haben.")),
        ("Hinweise zur Werkstatt",
         ("Die Werkstatt ist dienstags und donnerstags geöffnet. Werkzeug darf ausgeliehen werden, wenn man es am "
         "selben Abend sauber zurückbringt. Wer eine Maschine zum ersten Mal benutzt, lässt sie sich bitte erklären."),
         ("Späne gehören in die blaue Tonne, Lappen mit Öl in den Behälter aus Blech. Für den Kaffee steht eine Kasse "
         "auf dem Regal, und wer als Letzter geht, macht das Licht aus.")),
    ),
    "fr": (
        ("Le marché du samedi",
         ("Le samedi, la place se remplit avant sept heures. Les marchands installent leurs tables, déplient les "
          "parasols "
         "et se souhaitent une bonne journée en regardant le ciel. On sent déjà le pain chaud et les fraises."),
         ("Une vieille dame goûte trois fromages avant d'acheter le premier, comme chaque semaine. Le vendeur fait "
          "semblant "
         "d'être surpris, et tout le monde est content. À midi il ne reste que des feuilles de salade et des "
         "pigeons.")),
        ("Réparer une chaise",
         ("Pour réparer une chaise, il faut d'abord la regarder longtemps. Le bois montre où il a souffert : une "
          "fente, une "
         "tache, un pied qui ne touche plus le sol. Ensuite seulement on prend la colle."),
         ("Serrez doucement, essuyez ce qui déborde et laissez sécher toute la nuit. Le lendemain, asseyez-vous avec "
         "précaution. Si la chaise ne dit rien, c'est que le travail est bien fait.")),
        ("Lettre de la côte",
         ("Ici il pleut depuis mardi, mais c'est une pluie douce qui ne dérange personne. Les bateaux restent au port, "
         "les pêcheurs jouent aux cartes et le café ne désemplit pas."),
         ("Je marche chaque soir jusqu'au phare et je reviens par les dunes. Tu me manques un peu, surtout quand le "
          "vent "
         "tombe et qu'on entend la mer respirer.")),
    ),
    "es": (
        ("La panadería de la esquina",
         ("La panadería de la esquina abre a las seis, cuando la calle todavía está oscura. El panadero saca las "
          "primeras "
         "barras y deja la puerta abierta para que el olor despierte a los vecinos."),
         ("Mi hermana dice que el secreto es la harina; yo creo que es la paciencia. Los domingos hay cola hasta la "
         "fuente, y nadie se queja, porque en la cola se cuentan las mejores historias del barrio.")),
        ("Cómo cuidar una higuera",
         ("La higuera pide poco: sol, una pared que guarde el calor y agua durante el primer verano. Después se las "
         "arregla sola y da sombra, hojas y frutos sin pedir permiso."),
         ("Conviene podarla en invierno, cuando no tiene hojas, y no quitar más de la tercera parte. Los higos se "
         "recogen por la mañana, con cuidado, antes de que lleguen las avispas.")),
        ("Aviso de la biblioteca",
         ("La sala de lectura estará cerrada el lunes por obras en el tejado. Los libros se pueden devolver en el "
          "buzón "
         "de la entrada, y los préstamos que terminan ese día se alargan una semana."),
         ("Pedimos perdón por las molestias y prometemos que, cuando vuelva a llover, ya no hará falta poner cubos "
          "entre "
         "las mesas de los periódicos.")),
    ),
    "ja": (
        ("朝の市場を歩く",
         ("市場の朝は早い。まだ暗いうちからトラックが並び、野菜や魚を降ろす声が聞こえてくる。わたしはいつも、入り口の小さな店で"
         "温かいお茶を飲んでから歩きはじめる。"),
         ("旬のものは値段よりも顔つきでわかる、と八百屋のおばあさんは言う。今日のほうれん草は葉が厚く、少し笑っているように見えた。"
         "帰り道、袋の中から土の匂いがした。")),
        ("自転車のチェーンの手入れ",
         ("チェーンが鳴りはじめたら、まず古い油をきれいに拭き取ります。布に少しだけ洗浄液をつけて、ゆっくりペダルを回しながら"
         "はさむようにしてください。"),
         "新しい油は一コマに一滴で十分です。つけすぎると砂やほこりを集めてしまいます。最後に余分な油を拭いて、近所を一周走れば終わりです。"),
        ("雨の日の図書館",
         ("雨の日の図書館には、いつもより長くいる人が多い。窓ぎわの席では学生がノートを広げ、奥の椅子ではおじいさんが地図の本を"
         "ながめている。"),
         ("わたしは三冊借りるつもりで、結局一冊も選べなかった。それでも、静かな場所で誰かのめくるページの音を聞いているだけで、"
         "来てよかったと思った。")),
    ),
    "ru": (
        ("Утро на реке",
         ("Рано утром на реке никого нет, только туман и несколько лодок у берега. Вода тёмная и спокойная, и слышно, "
          "как "
         "где-то далеко кричит петух. Мы садимся в лодку и долго не говорим ни слова."),
         ("Когда поднимается солнце, туман уходит в лес, и становится видно мельницу. Рыбы мы так и не поймали, но "
          "никто "
         "об этом не жалеет: чай из термоса был горячим, а хлеб свежим.")),
        ("Как сохранить яблоки до весны",
         ("Яблоки нужно снимать в сухую погоду и не ронять. Каждое заворачивают в бумагу и кладут в ящик так, чтобы "
          "они не "
         "касались друг друга. Одно испорченное яблоко может погубить весь ящик."),
         ("Хранить их лучше в погребе, где холодно и немного влажно. Раз в две недели ящики проверяют, и тогда до "
          "самой "
         "весны в доме пахнет осенью.")),
        ("Старые часы",
         ("Эти часы достались нам от деда. Они отстают на семь минут в неделю, и каждое воскресенье отец открывает "
          "дверцу "
         "и осторожно переводит стрелку. Мастер предлагал их починить, но мы отказались."),
         ("Нам кажется, что без этих семи минут дом стал бы другим. Гости смеются, а потом сами начинают "
          "прислушиваться к "
         "тому, как часы думают, прежде чем пробить.")),
    ),
}  # fmt: skip

# In traditional characters, for the pages in Big5.
TRADITIONAL: tuple[tuple[str, ...], ...] = (
    (
        "老街的修傘人",
        (
            "老街盡頭有一間修傘的鋪子，門面只有兩步寬，裡面掛滿了等人來取的傘。師傅姓什麼沒有人知道，大家都叫他阿伯，"
            "他也從來不糾正。下雨的早晨，鋪子前面總是排著隊，人人都低著頭，好像在向那些傘道歉。"
        ),
        (
            "阿伯修傘很慢。他先把傘撐開，對著光看一會兒，再用手指一根一根地摸過傘骨，像醫生聽病人的呼吸。斷了的地方用細鐵絲纏好，"
            "破了的布補上一塊顏色相近的，針腳密得幾乎看不見。他說，新傘人人會買，舊傘卻記得替誰擋過雨。"
        ),
        (
            "去年秋天，市政府要把老街拓寬，鋪子的牆上也畫了一個紅圈。鄰居們寫了聯名信，還把自己修過的傘撐開，從街頭一直擺到街尾。"
            "後來計畫改了，馬路在鋪子前面繞了一個小小的彎。現在公車開到這裡都要慢下來，司機會按一聲喇叭，跟阿伯打個招呼。"
        ),
    ),
    (
        "夜裡的麵攤",
        (
            "夜市收得差不多了，巷口那個麵攤才剛剛亮燈。老闆娘把湯鍋的蓋子一掀，白色的蒸氣就順著屋簷往上爬，整條巷子都聞得到蔥和骨頭的香氣。"
            "客人多半是下了夜班的人，坐下來先不說話，等第一口熱湯喝完，才慢慢想起今天發生過什麼事。"
        ),
        (
            "麵只有兩種，一種寬，一種細，小菜也不過三四樣。有人問她為什麼不多賣一點花樣，她說東西一多，心就散了，心一散，湯就不清了。"
            "她的兒子在旁邊寫功課，遇到不會的題目便念出聲來，整攤的客人就一起替他算，常常算出好幾個答案。"
        ),
        (
            "有一回停電，巷子黑得伸手不見五指，大家卻沒有走。老闆娘點起兩支蠟燭，麵照樣下，碗照樣端，只是人人說話都輕了許多。"
            "燈重新亮起來的時候，不知道是誰嘆了一口氣，好像有點捨不得那片剛剛才習慣的黑。"
        ),
    ),
)

SHORT: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Gone fishing", "Back on Monday."),
        ("Under construction", "This page is being rebuilt. Please come back soon!"),
        ("Photo 14", "The weir in winter."),
        ("Thank you", "Your message has been sent. We will answer within two working days."),
        ("Login", "Please log in to continue."),
    ),
    "zh": (
        ("暂停营业", "店主外出，周一恢复营业。"),
        ("页面建设中", "本页正在建设，敬请期待！"),
        ("照片十四", "冬天的水坝。"),
        ("谢谢", "您的留言已经收到，我们会在两个工作日内回复。"),
        ("登录", "请先登录再继续浏览。"),
    ),
}


def gibberish(kind: str, dice: Random) -> list[str]:
    """Three paragraphs in no language: `letters`, `base64`, `digits` or `hex`."""
    if kind == "letters":
        return [" ".join(_run("bcdfghjklmnpqrstvwxz", 2 + int(dice.random() * 9), dice) for _ in range(40))
                for _ in range(3)]  # fmt: skip
    if kind == "digits":
        return [" ".join(_run("0123456789", 3 + int(dice.random() * 5), dice) for _ in range(40)) for _ in range(3)]
    capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    alphabet = "0123456789abcdef" if kind == "hex" else f"{capitals}{capitals.lower()}0123456789+/"
    return [_run(alphabet, 240, dice) for _ in range(3)]


def _run(alphabet: str, length: int, dice: Random) -> str:
    return "".join(pick(alphabet, dice) for _ in range(length))
