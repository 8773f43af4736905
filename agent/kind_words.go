package agent

import "strings"

// equivalents are words for the same kind of thing, where catalogues and customers differ. All are singular.
var equivalents = [][]string{
	{"laptop", "notebook", "ultrabook", "macbook", "chromebook", "netbook"}, {"tv", "television", "telly"},
	{"headphone", "headset", "earphone", "earbud", "earpiece"}, {"sofa", "couch", "settee", "loveseat", "sectional"},
	{"sneaker", "trainer"}, {"phone", "smartphone", "cellphone", "mobile phone", "cell phone", "handset"},
	{"hard drive", "hdd", "hard disk", "hard disk drive"}, {"backpack", "rucksack", "daypack", "knapsack"}, {"purse", "handbag"},
	{"t shirt", "tee", "tshirt"}, {"trouser", "pant", "slack"}, {"sweater", "pullover", "jumper"}, {"rug", "carpet"}, {"flashlight", "torch"},
	{"usb stick", "flash drive", "pendrive", "memory stick", "thumb drive", "usb drive"}, {"bike", "bicycle"}, {"speaker", "loudspeaker"},
	{"camcorder", "video camera"}, {"watch", "wristwatch", "timepiece"}, {"sunglass", "shade"}, {"glasses", "spectacle", "eyeglass", "eyewear"},
	{"printer", "multifunctional", "mfp"}, {"ssd", "solid state drive"}, {"perfume", "fragrance", "cologne"}, {"pc", "computer"},
	{"memory", "ram", "dimm", "memory module"}, {"kettle", "teakettle"}, {"fridge", "refrigerator"}, {"vacuum", "vacuum cleaner", "hoover"},
	{"ups", "uninterruptible power supply"}, {"webcam", "web camera"}, {"charger", "power adapter", "ac adapter"}, {"projector", "beamer"},
	{"curtain", "drape"}, {"duvet", "comforter", "quilt"}, {"wardrobe", "closet", "armoire"}, {"dresser", "chest of drawer"},
	{"scarf", "shawl"}, {"wallet", "billfold"}, {"necklace", "pendant"}, {"bracelet", "bangle"}, {"graphics card", "video card", "gpu"},
	{"processor", "cpu"}, {"washing machine", "washer"}, {"running shoe", "runner", "jogging shoe"}, {"athletic shoe", "sport shoe", "tennis shoe", "gym shoe"},
	{"sleeping bag", "sleepsack"}, {"suitcase", "trolley case"}, {"coffee machine", "coffee maker", "espresso machine", "espresso maker"}, {"pan", "skillet", "frying pan"},
}

// narrower are kinds that are all of the first kind: who asks for shoes may be shown boots, not the other way round.
var narrower = map[string][]string{
	"shoe":   {"footwear", "sneaker", "trainer", "loafer", "boot", "sandal", "oxford", "heel", "pump", "flat", "slipper", "moccasin", "stiletto", "clog", "flip flop"},
	"sandal": {"flip flop"}, "bag": {"handbag", "tote", "purse", "satchel", "duffel", "backpack", "rucksack", "daypack", "clutch", "messenger"},
	"handbag": {"tote", "satchel", "clutch"}, "jacket": {"coat", "parka", "blazer", "windbreaker", "anorak"}, "coat": {"parka", "overcoat", "trench"},
	"shirt": {"blouse", "t shirt", "tee", "polo"}, "sweater": {"cardigan", "hoodie"}, "lamp": {"light", "lantern", "chandelier"}, "light": {"lamp", "lantern", "chandelier"},
	"chair": {"armchair", "stool", "recliner"}, "stool": {"barstool"}, "table": {"desk"}, "camera": {"camcorder", "dslr", "webcam"}, "speaker": {"soundbar", "subwoofer"},
	"watch": {"smartwatch", "chronograph"}, "glasses": {"sunglass"}, "computer": {"laptop", "notebook", "desktop", "workstation"}, "pc": {"laptop", "notebook", "desktop", "workstation"},
	"hat": {"cap", "beanie", "fedora"}, "flower": {"bouquet", "arrangement", "floral", "rose", "tulip"}, "bouquet": {"arrangement"}, "plant": {"succulent", "houseplant", "cactus"},
	"cushion": {"pillow"}, "pot": {"saucepan", "stockpot"}, "shelf": {"bookcase", "bookshelf"}, "bookshelf": {"bookcase"}, "bookcase": {"bookshelf"}, "dress": {"gown"},
	"trouser": {"jean", "chino"}, "pant": {"jean", "chino"}, "tablet": {"ipad"}, "cartridge": {"ink", "toner"}, "ink": {"ink cartridge"}, "toner": {"toner cartridge"}, "luggage": {"suitcase"},
	"sneaker": {"high top", "low top"}, "drive": {"hdd", "ssd", "flash drive", "hard drive"}, "storage": {"hdd", "ssd"}, "instrument": {"guitar", "drum", "piano", "violin", "keyboard"},
	"furniture": {"sofa", "chair", "table", "dresser"}, "jewelry": {"necklace", "bracelet", "earring", "ring"}, "snack": {"chip", "nut"}, "book": {"cookbook", "guidebook"},
}

// related are kinds that will do where the asked one is rare.
var related = map[string][]string{
	"running shoe": {"sneaker", "trainer", "athletic shoe"}, "athletic shoe": {"sneaker", "trainer", "running shoe"}, "sneaker": {"running shoe", "athletic shoe"},
	"sport shoe": {"sneaker", "trainer", "running shoe"}, "monitor": {"display", "lcd", "screen"}, "display": {"monitor"}, "screen": {"monitor", "display"}, "cup": {"mug"}, "mug": {"cup"},
	"coat": {"jacket"}, "desk": {"table"}, "pillow": {"cushion"}, "couch": {"lounge"}, "sofa": {"lounge"}, "gown": {"dress"}, "blouse": {"shirt"}, "lantern": {"lamp"}, "soundbar": {"speaker"},
	"desktop": {"pc", "computer"}, "headset": {"headphone"}, "boot": {"bootie"}, "toner": {"cartridge"}, "stool": {"chair"},
}

// kindNouns are words that name kinds of things: before one of them, a noun only describes ("dress shirt").
var kindNouns = func() map[string]bool {
	set := map[string]bool{}
	add := func(name string) {
		if !strings.Contains(name, " ") {
			set[name] = true
		}
	}
	for _, group := range equivalents {
		for _, name := range group {
			add(name)
		}
	}
	for kind, names := range narrower {
		add(kind)
		for _, name := range names {
			add(name)
		}
	}
	add("mouse") // these have no other word
	add("knife")
	for _, w := range []string{"pc", "computer", "flat", "pump", "light", "top", "trench", "oxford", "heel", "notebook", "display", "desktop", "floral", "ring", "messenger", "arrangement", "flower", "rose", "pot"} {
		delete(set, w) // also said after the name of a thing, or an everyday word
	}
	return set
}()

// accessories are kinds of things that belong to another thing, whose name they carry.
var accessories = wordSet(`accessory adapter arm armband backpack bag band base basket battery bezel board box bracket briefcase bulb cable caddy
	camera card care carrier cartridge case charger chassis clamp cleaner cleaning clip collector component connector cooler cooling cord cover cradle
	disk dock docking door drum enclosure extender extension fan filter folio foot frame fuser glove grip hanger
	harness holder hook hub ink insert insulation kit label lead lens lid lock maintenance mat memory microphone module mount mounting
	opener organizer organiser pad panel paper part pen plug polish port portfolio pouch power protection protector rack
	rail refill remote replacement replicator reader ribbon riser roller runner screen security server shelf shell shield skin sleeve slipcase spare suitcase
	software spare spray stand station stick storage strap stylus support switch tag tape toner tool tray tripod upgrade wall warranty
	wax wipe wrap`)

// shapes come after the name of what a thing only looks like: "sleek tablet design".
var shapes = wordSet("design style look shape form mode inspired")

// qualities are words that describe a thing and name none.
var qualities = wordSet(`smaller bigger larger longer shorter lighter heavier wider thinner thicker warmer stronger faster quieter best better quality reliable robust beautiful attractive excellent cozy cosy cool cute decent fancy good great lovely nice pretty sturdy new used adjustable affordable automatic automatical basic bass big bluetooth bright cheap classic colorful colourful comfortable
	compact cordless cotton digital durable eco electric electrical elegant ergonomic external fast flat foldable folding formal gaming
	handmade heavy high hot internal large leather light lightweight long mechanical mini minimalist modern noise-cancelling noise-canceling
	organic outdoor portable powerful premium professional quiet rechargeable red rustic frozen fresh raw roasted short silent simple slim small smart soft sporty
	stainless steel stylish thick thin tiny touchscreen trendy vegan vintage warm washable waterproof wide windproof wired wireless wooden`)

// tastes are qualities that a listing need not name.
var tastes = wordSet(`smaller bigger larger longer shorter lighter heavier wider thinner thicker warmer stronger faster quieter affordable attractive basic beautiful best better big bright cheap classic comfortable comfy cool cosy cozy cute decent durable
	elegant excellent expensive fancy fast fine good great heavy high interesting large lovely luxury modern new nice perfect powerful premium pretty
	professional quality quick quiet reliable robust simple slim small smart soft sophisticated stylish sturdy suitable thick thin tiny top trendy unique
	used warm wide minimalist light short long everyday daily normal regular standard`)

// opposites are describing words of which a thing has one or the other.
var opposites = map[string][]string{"external": {"internal"}, "internal": {"external"}, "wireless": {"wired"}, "wired": {"wireless", "cordless"}, "laser": {"inkjet", "deskjet", "officejet", "thermal", "matrix"},
	"inkjet": {"laser", "laserjet", "thermal", "matrix"}, "acoustic": {"electric"}, "electric": {"acoustic", "manual"}, "indoor": {"outdoor"}, "outdoor": {"indoor"}, "curved": {"flat"}, "mechanical": {"membrane"}}

// equivalentQualities are describing words that mean the same.
var equivalentQualities = [][]string{
	{"wireless", "cordless", "bluetooth", "wifi", "rf"}, {"waterproof", "water resistant", "weatherproof", "watertight"}, {"foldable", "folding", "collapsible", "fold"},
	{"lightweight", "light", "ultralight"}, {"comfy", "comfortable", "comfort"}, {"cosy", "cozy"}, {"kid", "child"}, {"electric", "electrical"}, {"mens", "men", "man"},
	{"womens", "women", "woman", "lady"}, {"wooden", "wood", "oak", "pine", "walnut", "bamboo", "teak", "acacia"}, {"noise cancelling", "noise canceling", "anc"}, {"colour", "color"},
	{"ink", "inkjet"}, {"laser", "laserjet"}, {"sport", "athletic", "running"}, {"hike", "hiking", "trail", "trekking"}, {"travel", "travelling", "traveling"},
	{"dining", "dinner"}, {"gaming", "gamer", "game"}, {"usb", "usb-c", "type-c"}, {"coffee", "espresso"}, {"metal", "steel", "aluminum", "aluminium", "iron"},
}
