"""English prose of the sample crawl: ten subjects, every sentence written for it. Places and programs are invented."""

from __future__ import annotations

from curate.sample.prose import Subject

GARDENING = Subject(
    name="gardening",
    titles=("Growing {crop} without fuss", "What {place} taught me about {crop}", "{crop}: notes from a small garden"),
    slots={
        "crop": ("broad beans", "climbing peas", "runner beans", "courgettes", "bush tomatoes", "dwarf beans"),
        "place": (
            "a north-facing yard",
            "the allotment",
            "my aunt's garden",
            "heavy clay",
            "a windy hillside",
            "two raised beds",
        ),
        "month": ("March", "early April", "the middle of May", "late February", "June"),
        "pest": ("slugs", "pigeons", "blackfly", "mice", "leaf miners"),
        "span": ("ten days", "a fortnight", "three weeks", "about twelve days"),
        "feed": ("comfrey tea", "leaf mould", "well-rotted manure", "seaweed meal", "kitchen compost"),
    },
    text="""
* Most advice about {crop} begins with the variety, but the soil decides far more than the packet does.
| I have grown {crop} for eleven summers now, and only the last four of them went the way I had planned.
| There is no secret to {crop}; there is only a short list of mistakes that almost everybody makes once.
* In {place} the ground stays cold for longer than the calendar suggests, so I wait until a handful of it crumbles.
| All of this happened in {place}, where the sun arrives late and the wind never quite stops.
| What follows worked in {place}, and it should work wherever the soil drains within an hour of heavy rain.

* Sow in {month}, a little deeper than you think, and press the row down with the flat of the rake.
| The seed goes in during {month}, two fingers deep, with a hand's width left between one and the next.
| My best rows were started in {month} in old newspaper pots and planted out as soon as the roots showed through.
* Nothing will happen for {span}, and then everything will seem to happen on the same morning.
| Expect the first green after {span}; if nothing shows by then, dig up one seed and look at it before you despair.
* Water in the evening and seldom, so that the roots have a reason to travel downwards.
| A deep watering twice a week is worth more than a sprinkle every day, which only teaches roots to stay near the top.
| During a dry spell I give each plant half a can at dusk and nothing at all on the following day.

* The usual enemies are {pest}, and they are easier to discourage in the first week than in the fifth.
| Sooner or later the {pest} will find the row, because they read the same gardening books as we do.
| I lost half a bed to {pest} one year, and since then I walk along the rows every morning with my coffee.
* A strip of fleece held down with stones keeps out nearly all of them, and it costs less than a bag of seed.
| Neighbouring plants help: a border of marigolds and some rough grass give the beetles that eat them a place to live.
* Feed once, when the flowers open, with {feed}, and then leave the plants alone.
| A mulch of {feed} in the middle of the season does two jobs at once, since it feeds the soil and keeps it damp.

* Pick early and often, for a plant that is allowed to ripen its seed believes that its work is done.
| The harvest begins when you are least ready for it, so warn the neighbours and wash the big bowl.
* When the last of the crop is in, cut the stems at the ground and let the roots rot where they are.
| Save a handful from the strongest plant, dry it on a windowsill, and write the year on the envelope.
| At the end of it all I rake the bed smooth, sow a little rye, and promise to be more patient next time.
""",
)

COOKING = Subject(
    name="cooking",
    titles=("{dish} for a weekday evening", "How to stop worrying about {dish}", "The patient way to {dish}"),
    slots={
        "dish": ("lentil soup", "onion tart", "braised cabbage", "mushroom dumplings", "barley risotto", "fish pie"),
        "fat": ("butter", "good olive oil", "a spoonful of lard", "sesame oil", "rapeseed oil"),
        "herb": ("thyme", "dill", "sage", "tarragon", "flat parsley", "marjoram"),
        "minutes": ("twenty minutes", "half an hour", "three quarters of an hour", "twelve minutes", "an hour"),
        "cook": (
            "My grandmother",
            "The cook at the station cafe",
            "A baker I used to live with",
            "My first landlord",
            "Our neighbour upstairs",
        ),
        "side": ("dark bread", "a sharp green salad", "pickled radishes", "boiled potatoes", "rice"),
    },
    text="""
* {cook} made {dish} every Thursday, always in the same dented pan, and never once looked at a recipe.
| Of all the things one can do with an hour and a hungry family, {dish} may be the most forgiving.
| The first {dish} I ever cooked was grey, salty and oddly proud of itself, and we ate all of it.
* What it needs is not skill but time, most of which you can spend doing something else.
| It has five ingredients, and the one that people leave out is patience.

* Warm {fat} in a wide pan over a low flame, and add the onions before it has a chance to smoke.
| Begin with more onions than seems reasonable, sliced thin, and let them melt slowly in {fat}.
| Put the pan on the smallest ring you have, add {fat}, and wait until a crumb of bread sizzles in it.
* They should turn the colour of straw, not of toast, and the kitchen should smell sweet rather than sharp.
| Stir them whenever you pass by; if the edges turn brown, add a spoonful of water and carry on.
* Salt early, taste often, and keep the pepper for the table.
| This is the moment for salt, because what is seasoned at the start never has to be rescued at the end.

* Add the rest, cover the pan, and leave it in peace for {minutes}.
| Everything else goes in together now, with enough stock to reach your first knuckle, and simmers for {minutes}.
| After {minutes} on a gentle heat the liquid will have thickened by itself, without flour and without anxiety.
* A handful of chopped {herb} belongs in at the very last minute, since heat takes away what we bought it for.
| If you have {herb}, tear it over the top; if you have none, a strip of lemon peel does a similar job.
* {cook} would add a splash of vinegar here and deny it afterwards.
| A little acid brightens the whole pot, so squeeze half a lemon over it and taste again.

* Serve it with {side} and something cold to drink, and do not apologise for how it looks.
| It wants nothing beside it except {side}, and perhaps a second spoon for the person who says they are not hungry.
* What is left over will be better tomorrow, as long as it spends the night covered and cool.
| The remains make a fine lunch: thin them with a little water, heat them slowly, and put an egg on top.
| I have frozen it for a month with no harm done, although it has rarely had the chance to wait so long.
""",
)

TOWN = Subject(
    name="town history",
    titles=("A short history of {town}", "How {town} lost its {trade}", "{town} and the year {year}"),
    slots={
        "town": ("Harrowmere", "Saltby Ferry", "Oldcastle Bridge", "Penmarrow", "Thornwick", "Lower Ashcombe"),
        "trade": ("rope works", "salt pans", "cloth hall", "glass furnaces", "herring fleet", "paper mill"),
        "river": ("the Arle", "the Winterbourne", "the Mossy Water", "the Tamble", "the Black Leam"),
        "year": ("1642", "1719", "1783", "1811", "1848", "1866"),
        "event": (
            "a great flood",
            "the cattle plague",
            "a fire in the granary",
            "the coming of the railway",
            "a quarrel about tolls",
        ),
        "people": ("weavers", "boatmen", "drovers", "potters", "charcoal burners"),
    },
    text="""
* {town} lies where the old drove road crosses {river}, and for most of its life that crossing was all it had to sell.
| Visitors who come to {town} for the view over {river} seldom notice that they are standing on a harbour.
| Nobody knows who first settled at {town}, but whoever it was chose the only dry bank of {river} for miles.
* A charter names it as a place of forty hearths, a mill and "a bridge in want of repair".
| The earliest record is a tax roll, in which the clerk spelled the name in three different ways on one page.

* By {year} the {trade} gave work to every second household, and the smell of it could be met an hour's walk away.
| The {trade} came in {year}, brought by a family of {people} who had been asked to leave a richer place.
| Its fortune was the {trade}, begun in {year} with borrowed money and a good deal of optimism.
* Wages were paid on Saturdays at the inn, which suited the landlord better than it suited the wives.
| The {people} lived along the lower street in houses that were narrow in front and surprisingly deep behind.
* Their children learned to count by loading carts, and some of them could reckon faster than the schoolmaster.
| A bell was rung at five each morning, and it was said that even the dogs of the parish kept its hours.

* Then came {event}, and within a single winter the town had lost a third of its people.
| What ended this modest prosperity was {event}, which the parish book describes in a single bitter line.
| The turning point was {event}; after it the young went away, and the old wrote letters to the county.
* The council sold the market bell to pay for bread, and bought it back eighteen years later for twice the sum.
| Relief came slowly, in the form of turnips, a visiting bishop, and a committee that met eleven times.
* For two generations grass grew in the high street, and sheep were shorn inside the roofless hall.
| The mill stood idle, its wheel taken for firewood, and swallows nested where the clerk's desk had been.

* Today the hall is a library, and the names of the {people} can be read on a slate beside the door.
| Something of that time remains: a row of iron rings on the quay, and a street that still turns for a vanished gate.
| The present town lives on schools, bicycles and weekend guests, and it has kept the crooked bridge.
* An exhibition on the upper floor shows the tools, the ledgers and one very small pair of boots.
| Those who want to know more should ask for the parish book, and should bring gloves, because the room is not heated.
""",
)

ASTRONOMY = Subject(
    name="astronomy",
    titles=(
        "Finding {target} on a clear night",
        "A beginner's evening with {target}",
        "Why {target} looks the way it does",
    ),
    slots={
        "target": (
            "the Ring Nebula",
            "the Beehive Cluster",
            "the Orion Nebula",
            "the Lagoon Nebula",
            "the Andromeda Galaxy",
            "the Hercules Cluster",
        ),
        "season": ("late autumn", "the first weeks of spring", "a frosty January", "high summer", "September"),
        "tool": (
            "a pair of binoculars",
            "a small refractor",
            "a borrowed telescope",
            "nothing but patient eyes",
            "an old brass spyglass",
        ),
        "site": ("a field behind the school", "a flat roof", "the sea wall", "a forest clearing", "the churchyard"),
        "wait": ("twenty minutes", "half an hour", "a quarter of an hour", "as long as it takes to drink a pot of tea"),
    },
    text="""
* The best time to look for {target} is {season}, on an evening after rain, when the air has been washed clean.
| You do not need a mountain to see {target}; I saw it first from {site}, with a street lamp at my back.
| People expect colours when they look at {target}, and their first feeling is usually a polite disappointment.
* Give your eyes {wait} in the dark before you judge anything, and cover the telephone in your pocket.
| It takes {wait} for the eye to reach its full sensitivity, and a single glance at a bright screen to lose it again.

* Start from a bright star that you are sure of, and walk from there in small steps.
| With {tool} the field of view is narrow, so begin low, at the horizon, and climb towards the south.
| The chart shows the way as a line of three stars, but the sky will show you thirty, and that is the difficulty.
* When it finally enters the view it will be smaller and fainter than the pictures have promised.
| What you see at first is a smudge, as if somebody had touched the glass with a thumb.
* Look slightly to one side of it, because the edge of the retina is better at faint light than the centre.
| Breathe slowly, hold still, and let it drift through the field instead of chasing it.

* The light that reaches you has been travelling since long before there was anyone to wait for it.
| What makes it remarkable is distance: the photon that ends in your eye has crossed more emptiness than we can picture.
| Its shape is the work of gravity, which is weak in a teaspoon and irresistible in a crowd.
* Astronomers measure that distance by comparing stars whose true brightness is known with how bright they appear.
| A spectrum of the same light tells which elements it left behind, and how fast its source is moving.
* None of this can be seen through {tool}, yet knowing it changes what one sees.
| Numbers of that size mean little by themselves, so think of it as a letter that was posted before writing was
invented.

* Make a small drawing before you go indoors; a drawing forces you to notice what a glance leaves out.
| Note the date, the weather and the instrument in a book, and in a year you will be surprised by how much you learned.
| Come back on the next clear night, for the second look is always longer than the first.
* From {site} I have seen it some forty times now, and I have not yet seen the same thing twice.
| And if clouds arrive, as they generally do, there is still the thermos flask and the good company of owls.
""",
)

BICYCLE = Subject(
    name="bicycle repair",
    titles=(
        "Mending a {part} by the roadside",
        "When the {part} begins to complain",
        "{part}: an hour with simple tools",
    ),
    slots={
        "part": ("rear chain", "rear wheel", "bottom bracket", "brake cable", "headset", "freewheel"),
        "noise": ("a dry click", "a low grinding", "a squeal like a kettle", "a tick once per turn", "a dull knock"),
        "tool": ("a five millimetre key", "a spoke wrench", "two cone spanners", "a chain tool", "a pair of pliers"),
        "road": ("the canal path", "a cobbled lane", "the long climb home", "wet gravel", "the coast road"),
        "price": (
            "the price of a sandwich",
            "less than a new tyre",
            "nothing at all",
            "a few coins",
            "one free evening",
        ),
    },
    text="""
* A bicycle tells you what is wrong with it, provided that you ride slowly enough to listen.
| It began with {noise} somewhere below the saddle, on {road}, eleven kilometres from the nearest workshop.
| Every {part} wears out in the end, and it always chooses {road} to say so.
* In my case it was {noise}, which went away when I stopped pedalling and came back with every push.
| Lift the wheel, spin it by hand, and put your ear to the frame: {noise} means that the {part} wants attention.

* Turn the machine upside down on a piece of carpet, and take a photograph before you loosen anything.
| The work takes forty minutes, {tool}, and a clean rag that you do not intend to keep.
| Lay out the pieces in the order in which they come off, from left to right, as if you were reading a sentence.
* Old grease comes off with a drop of paraffin; wipe it away until the metal shows its own colour.
| Clean first and judge afterwards, since half of all the faults I have met were only dirt in disguise.
* Look for marks that do not belong there, such as a bright line, a dent, or a tooth shaped like a wave.
| If a surface is pitted so that a fingernail catches in it, no amount of oil will bring it back.

* Now tighten it with {tool}, a quarter of a turn at a time, and test the play between each step.
| Set the new piece loosely, spin it, and tighten only until the wobble has gone and the spinning has not.
| The trick is to stop early, because everything that is tight enough in the stand is a little too tight on the road.
* Right-hand threads turn the way you expect, and the left pedal side does not; whole evenings have been lost to that.
| When two nuts work against each other, hold the inner one still and let the outer one do the moving.
* Replace the cable at the same time, as it costs {price} and spares you a second afternoon.
| Spend your money on good bearings and save it on polish; together they should come to {price}.

* Ride round the block with the spanner in your pocket, and listen again.
| The first ten kilometres settle everything, so check each bolt once more when you come home.
* With a little care the {part} will now be quiet for three or four thousand kilometres.
| What remains is a clean machine, black fingers, and the modest pride of not having paid anybody.
| Write the date on a strip of tape under the saddle, and the next rider, who is probably you, will be grateful.
""",
)

SOFTWARE = Subject(
    name="software documentation",
    titles=("{tool}: {task}", "Getting started with {tool}", "Common questions about {task} in {tool}"),
    slots={
        "tool": ("tallybook", "ferrymail", "weftwork", "lanternfs", "quarrel", "stackhouse"),
        "task": (
            "importing older records",
            "running scheduled jobs",
            "restoring a backup",
            "sharing a workspace",
            "rotating keys",
            "reading the logs",
        ),
        "file": ("settings.toml", "rules.yaml", "journal.db", "profile.ini", "index.json"),
        "limit": ("512 megabytes", "two gigabytes", "ten thousand rows", "sixty-four open files", "one hour"),
        "flag": ("--dry-run", "--verbose", "--since", "--resume", "--strict"),
        "system": ("a laptop", "a shared server", "a container", "a small virtual machine", "a build runner"),
    },
    text="""
* This page explains {task} with {tool}, from a fresh installation to a result that you can check.
| {tool} was written for people who would rather not think about {task}, and this guide keeps to that spirit.
| If you have used an earlier release of {tool}, read the section on {task} before you upgrade anything.
* You need version 3.2 or newer, a directory that you may write to, and about ten minutes.
| The examples assume {system} with the default settings; other environments differ only in the paths.

* All options live in one file, {file}, which is read once at startup and never written by the program.
| The configuration is kept in {file}, next to the data it describes, so that both can be copied together.
| Create {file} with the init command first; every setting in it carries a comment that says what it is for.
* An unknown key is an error rather than a warning, because a mistyped option that is silently ignored costs more time.
| Values on the command line win over the file, and the file wins over the built-in defaults.
* Start with {flag}, which shows what would happen and leaves everything as it is.
| Adding {flag} is the quickest way to find out whether the program and you agree about the plan.

* Memory use grows with the largest single record and not with the size of the input, up to {limit}.
| By default a task stops at {limit}; the limit protects other users, and it can be raised by an administrator.
| Anything above {limit} is split into parts, and the parts are put together again when they are read.
* When a step fails, the record is set aside together with the reason, and the rest of the run continues.
| Each failure is written to the journal with the name of the file, the position in it, and the rule that was broken.
* Running the same command again does only the work that is still missing.
| It is safe to interrupt the program at any time, since a part becomes visible only after it is complete.

* To verify the outcome, compare the counts that are printed at the end with the counts of the source.
| The report at the end is meant to be read: records in, records out, and a line for everything in between.
* If the two disagree, please open an issue and attach the journal, from which private values have been removed.
| Answers to questions that come up often are collected below, and corrections to this page are welcome.
| Nothing on this page requires network access, and the tool never sends statistics to anybody.
""",
)

TRAVEL = Subject(
    name="travel",
    titles=("Three slow days in {place}", "To {place} by {vehicle}", "{place} out of season"),
    slots={
        "place": (
            "the Vellan Islands",
            "Port Amaris",
            "the Kestrel Valley",
            "Old Sorrow",
            "the Marren Hills",
            "Upper Tiel",
        ),
        "vehicle": ("night train", "mail boat", "country bus", "bicycle", "slow ferry"),
        "food": ("smoked eel", "plum dumplings", "flat bread with herbs", "chestnut soup", "sheep's cheese"),
        "sight": (
            "a lighthouse without a lamp",
            "the bell market",
            "a garden of salt",
            "the painted stairs",
            "a museum of umbrellas",
        ),
        "month": ("November", "the last week of April", "early March", "October", "a wet June"),
        "host": ("a retired pilot", "two sisters", "a piano tuner", "the postmistress", "a beekeeper"),
    },
    text="""
* The {vehicle} to {place} leaves at an hour when sensible people are asleep, and that is the best thing about it.
| In {month} hardly anybody goes to {place}, so I had the deck, the view and the drizzle to myself.
| I had meant to stay one night in {place}, and I stayed until my clean shirts ran out.
* From the window one sees orchards first, then reeds, and finally a grey line that turns out to be the sea.
| The road follows the water for two hours and then gives up, as roads do here, at the foot of a hill.

* I rented a room from {host}, who explained the stove, the key and the history of the region in that order.
| My room belonged to {host} and had a window on the square, a shelf of swollen novels, and no clock.
| The only lodging open in {month} was kept by {host}, and it cost less than the parking at home.
* Breakfast was {food}, which I had not expected and now miss.
| Everyone will tell you to try the {food}; what they do not tell you is that you must order it the day before.
* After that there was nothing to do, and it took me a full day to see that this was the attraction.
| A map hung in the hall, drawn by hand, on which the important places were marked with the names of dogs.

* On the second morning I climbed to {sight}, which the guidebook dismisses in half a sentence.
| The one thing that everybody goes to see is {sight}, and for once everybody is right.
| If it rains, and it will, spend an hour at {sight} and let the caretaker talk.
* The path is steep but honest, with a bench at each bend and a tap with cold water half way.
| From up there the whole place looks like something left behind on a table after a long and cheerful dinner.
* An old man was mending nets beside the steps; he nodded, as one nods to the weather.
| Children on their way home from school showed me a shorter way down, and were scandalised that I took photographs.

* Practical matters: bring cash, a lamp and shoes that you do not love.
| The last connection back leaves at four in the afternoon, and the timetable on the wall is from another year.
* I would go again tomorrow, in {month} if possible, and I would stay longer.
| It is not a place that asks to be recommended, which is why I have waited so long to write about it.
| As the {vehicle} pulled away the lights came on one by one, and I counted them until there were none left.
""",
)

HEALTH = Subject(
    name="health",
    titles=("Sleeping better with {habit}", "What {habit} can and cannot do", "A calm look at {habit}"),
    slots={
        "habit": (
            "a short evening walk",
            "regular meal times",
            "a cooler bedroom",
            "less coffee",
            "stretching at noon",
            "a quiet hour before bed",
        ),
        "group": (
            "night-shift nurses",
            "office workers",
            "students before examinations",
            "people over sixty",
            "new parents",
        ),
        "weeks": ("six weeks", "a month", "ten weeks", "one season", "eight weeks"),
        "effect": (
            "fell asleep sooner",
            "woke up less often",
            "had fewer headaches",
            "felt less stiff in the morning",
            "took fewer naps",
        ),
        "care": ("a heart condition", "pregnancy", "a recent operation", "asthma", "regular medication"),
    },
    text="""
* Advice about {habit} is easy to give and surprisingly hard to test, which explains why there is so much of it.
| Of all the changes people try, {habit} is among the cheapest, and that alone makes it worth a closer look.
| Doctors have recommended {habit} for generations, mostly because their own teachers did.
* The body keeps its own time, and it prefers small regular signals to occasional heroic efforts.
| What follows is general information; it cannot replace a conversation with somebody who knows your history.

* In one modest trial {group} kept to it for {weeks}, and roughly half of them {effect}.
| Researchers asked {group} to write a diary for {weeks}; those who did so honestly {effect} by the end.
| The evidence comes mainly from {group}, who {effect} after {weeks}, though the difference was not large.
* Such results should be read with care, since people who volunteer are often ready to change anyway.
| There was no hidden group for comparison, so part of the benefit may simply be the pleasure of being asked.
* Even so, nobody was harmed, and most of those taking part wished to continue.
| The effect was greatest in the first days and then levelled off, as such effects usually do.

* Begin with a quarter of an hour, on days that are already quiet, and add to it only when it feels too easy.
| Choose a fixed time and tie it to something that you do without thinking, such as brushing your teeth.
| It helps to prepare in advance: put out the shoes, dim the lamps, and tell the family what you have in mind.
* If you miss a day, nothing has been lost except a day.
| Keep a simple record, a cross on the calendar is enough, and look at it no more than once a week.
* Pain, dizziness or a racing heart are reasons to stop, and not obstacles to be overcome.
| Drink water, move gently, and do not compare yourself with people in advertisements.

* Anyone with {care} should ask a nurse or doctor before making changes of this kind.
| Those who live with {care} need advice that fits them, and a page like this one cannot give it.
* For everybody else the risk is small, the cost is nothing, and the habit tends to spread to other parts of the day.
| In the end the best routine is the one that is still there next winter.
| Try it for {weeks}, and then decide by how you feel rather than by what you have read.
""",
)

RIVER = Subject(
    name="birds and rivers",
    titles=("A morning with the {bird}", "Counting {bird}s at {spot}", "The {bird} comes back to {spot}"),
    slots={
        "bird": ("kingfisher", "grey heron", "sand martin", "reed warbler", "dipper", "lapwing"),
        "spot": ("the weir", "Alder Pool", "the old gravel pit", "the railway marsh", "the mill race"),
        "hour": ("half past five", "first light", "the hour before the trains", "six o'clock", "sunrise"),
        "count": ("seven", "nineteen", "twenty-three", "only two", "eleven"),
        "cause": ("the new fish ladder", "a mild winter", "fewer dogs on the bank", "clean water", "the fallen willow"),
    },
    text="""
* At {hour} the only sounds at {spot} are water and, somewhere behind it, more water.
| You hear the {bird} long before you see it, and quite often you hear it and do not see it at all.
| For nine years our small group has met at {spot} to count every {bird} between the bridge and the bend.
* Mist lies on the meadow to about the height of a cow, so that the cows appear to be floating.
| We speak in whispers, less for the birds than for each other, as nobody is properly awake.

* A {bird} was standing on the usual post, as motionless as a walking stick that someone had forgotten.
| Then a {bird} crossed the river low and straight, and the morning had properly begun.
| The first {bird} of the day sat in plain sight, which is against the rules, and looked annoyed at being found.
* It turned its head, considered us with one eye, and decided that we were not worth the effort of leaving.
| Through the glass one could see the wet feathers of its breast, and the small fish that had been unlucky.
* In the alders above, the tits were passing on the news of our arrival from branch to branch.
| A second one answered from the far bank, where the reeds have been left uncut for the first time in years.

* By the end we had counted {count}, against an average of nine for the same week in earlier springs.
| The total was {count}; we wrote it down twice, because last time the pencil was lost in the stream.
| Our sheet shows {count} for this year, and the line on the wall of the boathouse goes up by a finger's width.
* Some of us put it down to {cause}, others to luck, and the treasurer to the biscuits.
| The reason is probably {cause}, although one good year proves nothing and two prove very little.
* The river authority has asked for our figures, and it has promised to postpone the dredging until July.
| A bank that is never mown looks untidy to the council and like a palace to anything that nests on the ground.

* Anyone may join us on the first Sunday of the month; boots are useful and knowledge is not required.
| If you would like to help, learn three songs by heart and then go out and listen for the fourth.
* We finish, as always, with tea from the lid of the flask, while the sun comes over the gasworks.
| On the way home I heard it once more, a thin bright call under the bridge, and stood still like a fool.
| The river does not notice any of this, and perhaps that is why we like to be beside it.
""",
)

EVENING = Subject(
    name="quiet prose",
    titles=("The house in {season}", "Letter about {thing}", "On keeping {thing}"),
    slots={
        "season": ("late winter", "the long rains", "the week of frost", "apple time", "the first heat"),
        "thing": (
            "an old clock",
            "the blue jug",
            "a drawer of string",
            "the piano nobody plays",
            "my father's maps",
            "a stone from the shore",
        ),
        "light": (
            "the colour of weak tea",
            "thin and clean as paper",
            "almost too kind",
            "slow, like honey",
            "grey with a little silver in it",
        ),
        "sound": ("a gate", "the kettle", "rain in the gutter", "somebody's radio", "a goose, very high"),
        "window": ("the kitchen window", "the landing", "the back step", "the attic", "the table by the stove"),
    },
    text="""
* In {season} the light in this house is {light}, and it arrives without knocking.
| I have been thinking about {thing}, which is a way of thinking about everyone who has ever dusted it.
| You asked me once why I keep {thing}, and I said something clever, and it was not true.
* From {window} I can see the road, the wall, and the part of the hill where the snow goes last.
| Nothing happens here, and it happens with such care that I am tired by the evening.

* Listen: {sound}, and then the silence that {sound} leaves behind, which is of a different kind.
| There was {sound} in the night, and I lay awake to learn whether it would come again.
| All afternoon there was {sound}, and under it the small patience of the house, wood leaning upon wood.
* I used to believe that time went forward; now I think that it goes round, and wears a little path.
| Each day puts down its basket, shows me what it has brought, and takes most of it away again.
* My mother said that a room remembers, and she would open the door slowly so as not to startle it.
| What the hands have done ten thousand times they will go on doing, long after the reason has left the room.

* {thing} stands where it has always stood, a little to the left of where anyone would put it.
| So {thing} stays, neither useful nor quite beautiful, with the stubbornness of things that were given.
| I moved {thing} in the spring, and for a month the whole family walked around the place where it had been.
* It has outlived two dogs, a marriage and the man who swore that he would mend it.
| When the light is {light} I can see that someone, before any of us, scratched a name in it and thought better.
* A stranger would see nothing, and a stranger would be right.
| If there were a fire I would save the letters first, and then come back for it, foolishly, through the smoke.

* Write to me when the roads are open, and tell me what the sea is doing.
| This is not much to report from a whole season, but you said that you wanted the truth.
* Tonight I shall bank the fire, wind what must be wound, and leave one lamp for whoever is late.
| It is dark now, and there is {sound} again, farther off, like a sentence that one has almost understood.
| I close the shutters from left to right, as he did, and the house lets out its breath.
""",
)

SUBJECTS: tuple[Subject, ...] = (
    GARDENING, COOKING, TOWN, ASTRONOMY, BICYCLE, SOFTWARE, TRAVEL, HEALTH, RIVER, EVENING,
)  # fmt: skip
