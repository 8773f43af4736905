package demo

import (
	"strings"
	"unicode"
)

// iconFor is the drawing, on a ground of 100 x 100, that suits the title best, or the category.
func iconFor(category, title string) string {
	text := spaced(title)
	for _, k := range titleIcons {
		if strings.Contains(text, " "+k.word+" ") {
			return icons[k.icon]
		}
	}
	text = spaced(category)
	for _, k := range categoryIcons {
		if strings.Contains(text, " "+k.word) {
			return icons[k.icon]
		}
	}
	return icons["box"]
}

// spaced is a text in lower case with one space around every word.
func spaced(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return " " + strings.Join(words, " ") + " "
}

type iconWord struct{ word, icon string }

// titleIcons are whole words of a title; the first that is found counts, so what a thing is stands before what
// it may come with.
var titleIcons = []iconWord{
	{"phone case", "phone"}, {"webcam", "camera"}, {"car phone", "car"}, {"headphones", "headphones"}, {"headset", "headphones"}, {"earbuds", "headphones"},
	{"smartwatch", "watch"}, {"wristwatch", "watch"}, {"watch", "watch"}, {"socks", "sock"}, {"flask", "bottle"}, {"heater", "fan"},
	{"boots", "boot"}, {"shoes", "shoe"}, {"sneakers", "shoe"}, {"trainers", "shoe"}, {"jeans", "trousers"}, {"leggings", "trousers"},
	{"dress", "dress"}, {"suitcase", "suitcase"}, {"tote", "tote"}, {"backpack", "backpack"}, {"helmet", "helmet"}, {"bicycle", "bicycle"}, {"bike", "bicycle"},
	{"laptop", "laptop"}, {"keyboard", "keyboard"}, {"mouse", "mouse"}, {"monitor", "monitor"}, {"whiteboard", "monitor"}, {"printer paper", "book"}, {"printer", "printer"},
	{"tablet", "tablet"}, {"speaker", "speaker"}, {"soundbar", "speaker"}, {"controller", "gamepad"}, {"chair", "chair"},
	{"sofa", "sofa"}, {"lamp", "lamp"}, {"bottle", "bottle"}, {"grill", "pan"}, {"kettle", "kettle"}, {"pan", "pan"}, {"mug", "mug"}, {"knife", "knife"}, {"tent", "tent"},
	{"drill", "drill"}, {"stroller", "stroller"}, {"guitar", "guitar"}, {"ukulele", "guitar"}, {"violin", "guitar"}, {"piano", "piano"},
	{"novel", "book"}, {"cookbook", "book"}, {"notebook", "book"}, {"pen", "pencil"}, {"pencils", "pencil"}, {"pyjamas", "shirt"},
	{"beans", "packet"}, {"tea", "packet"}, {"oil", "bottle"}, {"ring", "ring"}, {"necklace", "necklace"}, {"bed linen", "bed"}, {"duvet", "bed"},
}

// categoryIcons begin words of a category.
var categoryIcons = []iconWord{
	{"shoe", "shoe"}, {"cloth", "shirt"}, {"apparel", "shirt"}, {"bag", "backpack"}, {"luggage", "suitcase"}, {"camping", "tent"}, {"outdoor", "tent"},
	{"cycling", "bicycle"}, {"bike", "bicycle"}, {"fitness", "dumbbell"}, {"sport", "dumbbell"}, {"audio", "headphones"}, {"comput", "laptop"},
	{"phone", "phone"}, {"camera", "camera"}, {"photo", "camera"}, {"gaming", "gamepad"}, {"light", "lamp"}, {"kitchen", "kettle"}, {"furniture", "sofa"},
	{"garden", "plant"}, {"tool", "drill"}, {"toy", "blocks"}, {"baby", "stroller"}, {"beauty", "bottle"}, {"pet", "paw"}, {"book", "book"},
	{"stationery", "pencil"}, {"office", "pencil"}, {"food", "packet"}, {"drink", "packet"}, {"music", "guitar"}, {"jewel", "ring"}, {"watch", "watch"},
	{"car", "car"}, {"appliance", "fan"}, {"home", "cushion"}, {"electronic", "monitor"},
}

// icons are drawn by hand on a ground of 100 x 100. Fill and stroke come from the group around them.
var icons = map[string]string{
	"box":        `<path d="M14 32 50 16l36 16v40L50 88 14 72z"/><path d="M14 32l36 16 36-16M50 48v40" fill="none"/><path d="M32 24l36 16v12" fill="none"/>`,
	"shoe":       `<path d="M10 40c4 4 12 6 18 0l6-6 24 24c8 6 20 6 26 8 6 2 8 6 8 12H10z"/><path d="M8 78h84v6c0 2-2 4-4 4H12c-2 0-4-2-4-4z" fill="#fff"/><path d="M40 46l8-6M47 53l8-6M54 59l7-5" fill="none"/>`,
	"boot":       `<path d="M30 12h30v38c6 8 26 8 28 24v6H30z"/><path d="M26 80h64v6c0 2-2 4-4 4H26z" fill="#fff"/><path d="M44 26h16M44 36h16M46 46h14" fill="none"/>`,
	"shirt":      `<path d="M36 14c4 8 24 8 28 0l24 12-8 22-12-5v45H32V43l-12 5-8-22z"/><path d="M36 14c4 12 24 12 28 0" fill="none"/>`,
	"trousers":   `<path d="M28 10h44l6 80H58L50 38 42 90H22z"/><path d="M27 22h46M50 22v14" fill="none"/>`,
	"sock":       `<path d="M34 10h28v38l20 18c10 10 0 26-12 21L40 74c-6-4-6-8-6-14z"/><path d="M34 22h28M62 48c-8 2-10 8-8 16" fill="none"/>`,
	"dress":      `<path d="M38 10v14l-4 14 6 10-18 40h56L60 48l6-10-4-14V10c-4 8-20 8-24 0z"/><path d="M40 48h20" fill="none"/>`,
	"backpack":   `<path d="M36 22v-6c0-8 28-8 28 0v6" fill="none"/><path d="M24 42c0-14 10-22 26-22s26 8 26 22v42c0 4-2 6-6 6H30c-4 0-6-2-6-6z"/><path d="M34 60h32v20H34zM34 68h32M40 40h20" fill="none"/><path d="M24 52h-6c-2 0-4 2-4 4v20c0 2 2 4 4 4h6M76 52h6c2 0 4 2 4 4v20c0 2-2 4-4 4h-6"/>`,
	"tote":       `<path d="M16 40h68l-6 48H22z"/><path d="M34 52V30c0-20 32-20 32 0v22" fill="none"/>`,
	"suitcase":   `<path d="M38 28V8h24v20" fill="none"/><rect x="24" y="28" width="52" height="56" rx="6"/><path d="M38 28v56M50 28v56M62 28v56" fill="none"/><circle cx="34" cy="89" r="4" fill="#1f2933"/><circle cx="66" cy="89" r="4" fill="#1f2933"/>`,
	"tent":       `<path d="M50 18 92 86H8z"/><path d="M50 36 68 86H32z" fill="#fff" opacity=".75"/><path d="M50 18v68M44 10l6 8 6-8" fill="none"/>`,
	"bicycle":    `<circle cx="24" cy="66" r="19" fill="none"/><circle cx="76" cy="66" r="19" fill="none"/><path d="M24 66 38 36h28L50 66zM38 36l12 30M66 36l10 30M62 24h10M66 36l-4-12M32 30h12" fill="none" stroke-width="3"/><circle cx="50" cy="66" r="5"/>`,
	"helmet":     `<path d="M12 62c0-26 18-42 40-42s36 16 36 40c0 4-2 6-6 6H18c-4 0-6-2-6-4z"/><path d="M34 26c-6 10-8 20-8 34M52 20c-2 12-2 26 0 40M68 26c4 10 6 20 6 32" fill="none"/><path d="M26 66c2 12 10 18 22 22l10-22" fill="none"/>`,
	"dumbbell":   `<rect x="30" y="45" width="40" height="10"/><rect x="18" y="28" width="14" height="44" rx="3"/><rect x="68" y="28" width="14" height="44" rx="3"/><rect x="8" y="38" width="10" height="24" rx="3"/><rect x="82" y="38" width="10" height="24" rx="3"/>`,
	"headphones": `<path d="M16 62V50c0-44 68-44 68 0v12" fill="none" stroke-width="5"/><rect x="10" y="52" width="20" height="32" rx="8"/><rect x="70" y="52" width="20" height="32" rx="8"/>`,
	"speaker":    `<rect x="26" y="10" width="48" height="80" rx="8"/><circle cx="50" cy="62" r="17" fill="#fff"/><circle cx="50" cy="62" r="6"/><circle cx="50" cy="27" r="8" fill="#fff"/>`,
	"laptop":     `<rect x="20" y="22" width="60" height="42" rx="4"/><rect x="26" y="28" width="48" height="30" fill="#fff"/><path d="M8 70h84l-4 8c-1 2-2 2-4 2H16c-2 0-3 0-4-2z"/>`,
	"keyboard":   `<rect x="8" y="34" width="84" height="36" rx="5"/><path d="M18 44h4M30 44h4M42 44h4M54 44h4M66 44h4M78 44h4M22 52h4M34 52h4M46 52h4M58 52h4M70 52h4M32 61h36" fill="none" stroke-width="4"/>`,
	"mouse":      `<rect x="30" y="20" width="40" height="66" rx="20"/><path d="M50 20v26M30 46h40" fill="none"/><rect x="46" y="28" width="8" height="12" rx="4" fill="#fff"/>`,
	"monitor":    `<rect x="10" y="18" width="80" height="52" rx="4"/><rect x="16" y="24" width="68" height="40" fill="#fff"/><path d="M44 70v12M56 70v12M32 84h36" fill="none"/>`,
	"printer":    `<rect x="28" y="12" width="44" height="26" fill="#fff"/><rect x="12" y="36" width="76" height="34" rx="5"/><rect x="28" y="58" width="44" height="30" fill="#fff"/><path d="M36 68h28M36 77h20" fill="none"/><circle cx="77" cy="46" r="2.5" fill="#1f2933"/>`,
	"tablet":     `<rect x="20" y="10" width="60" height="80" rx="6"/><rect x="26" y="18" width="48" height="62" fill="#fff"/><circle cx="50" cy="85" r="1.6" fill="#1f2933"/>`,
	"phone":      `<rect x="29" y="8" width="42" height="84" rx="7"/><rect x="34" y="18" width="32" height="60" fill="#fff"/><path d="M45 13h10M44 85h12" fill="none"/>`,
	"watch":      `<path d="M38 30 40 8h20l2 22M38 70l2 22h20l2-22"/><circle cx="50" cy="50" r="25"/><circle cx="50" cy="50" r="18" fill="#fff"/><path d="M50 38v12l8 5" fill="none"/>`,
	"camera":     `<path d="M34 30l6-10h20l6 10h18c3 0 5 2 5 5v42c0 3-2 5-5 5H16c-3 0-5-2-5-5V35c0-3 2-5 5-5z"/><circle cx="50" cy="55" r="19" fill="#fff"/><circle cx="50" cy="55" r="10"/><circle cx="80" cy="40" r="2.5" fill="#1f2933"/>`,
	"gamepad":    `<path d="M30 32h40c14 0 20 14 22 34 1 12-10 16-17 6l-7-10H32l-7 10c-7 10-18 6-17-6 2-20 8-34 22-34z"/><path d="M32 41v14M25 48h14" fill="none" stroke-width="3"/><circle cx="66" cy="44" r="3.4" fill="#fff"/><circle cx="74" cy="52" r="3.4" fill="#fff"/>`,
	"lamp":       `<path d="M34 12h32l14 34H20z"/><path d="M50 46v36" fill="none" stroke-width="3"/><path d="M32 88c0-8 36-8 36 0z"/><path d="M30 54l-6 8M70 54l6 8M40 54l-3 10M60 54l3 10" fill="none" opacity=".4"/>`,
	"cushion":    `<path d="M20 20c10 6 50 6 60 0 6 10 6 50 0 60-10-6-50-6-60 0-6-10-6-50 0-60z"/><path d="M30 40c10 6 30 6 40 0M30 60c10-6 30-6 40 0" fill="none"/>`,
	"bed":        `<path d="M10 24v60M90 52v32M10 74h80" fill="none" stroke-width="3.4"/><path d="M10 52h80v18H10z"/><path d="M16 42h24c4 0 6 2 6 5v5H16z" fill="#fff"/>`,
	"sofa":       `<path d="M20 62V30c0-4 3-6 6-6h48c3 0 6 2 6 6v32"/><path d="M10 48c0-8 12-8 12 0v12h56V48c0-8 12-8 12 0v28H10z"/><path d="M50 24v36M18 76v8M82 76v8" fill="none"/>`,
	"chair":      `<path d="M32 10h36l-2 42H34z"/><rect x="26" y="52" width="48" height="10" rx="4"/><path d="M30 62l-4 28M70 62l4 28M42 62v18M58 62v18" fill="none" stroke-width="3"/>`,
	"kettle":     `<path d="M30 34h36l8 48c0 4-2 6-6 6H28c-4 0-6-2-6-6z"/><path d="M70 42c20-2 20 26 5 28M30 40 16 32v8l10 18M40 34c0-8 16-8 16 0M48 28v-6" fill="none" stroke-width="3"/>`,
	"pan":        `<ellipse cx="38" cy="50" rx="30" ry="30"/><ellipse cx="38" cy="50" rx="22" ry="22" fill="#fff" opacity=".5"/><path d="M66 42l28-10v9L67 56z"/>`,
	"mug":        `<path d="M20 28h48v48c0 6-4 10-10 10H30c-6 0-10-4-10-10z"/><path d="M68 38h8c14 0 14 28 0 28h-8M34 20c-3-4 3-6 0-10M48 20c-3-4 3-6 0-10" fill="none"/>`,
	"knife":      `<path d="M10 30c24-4 44 6 54 22l-8 8C38 52 20 46 10 30z" fill="#fff"/><path d="M56 60l8-8 26 26c4 4-4 12-8 8z"/>`,
	"plant":      `<path d="M28 60h44l-6 30H34z"/><path d="M50 60V32M50 44c-4-18-20-20-26-18 2 14 12 22 26 18zM50 36c2-18 16-26 28-24 0 16-12 26-28 24z"/>`,
	"drill":      `<path d="M12 24h50c6 0 8 4 8 8v8c0 4-2 8-8 8H46l4 24H26l-4-24H12c-3 0-4-2-4-4V28c0-2 1-4 4-4z"/><rect x="22" y="72" width="34" height="14" rx="3" fill="#fff"/><path d="M70 32h8v8h-8M78 36h16" fill="none" stroke-width="3"/>`,
	"blocks":     `<rect x="12" y="52" width="36" height="36" rx="3"/><rect x="52" y="52" width="36" height="36" rx="3" fill="#fff"/><rect x="32" y="14" width="36" height="36" rx="3"/><path d="M43 40l7-18 7 18M45 34h10M62 78V62h8c7 0 7 8 0 8h-8 9c8 0 8 8 0 8zM36 66c-8-6-16 0-16 5s8 10 16 4" fill="none"/>`,
	"stroller":   `<path d="M14 34h44V10c20 2 28 14 28 28 0 16-12 26-30 26H38C26 64 16 50 14 34z"/><path d="M58 34 86 38M14 34 8 22M44 64l-8 12M60 64l8 12" fill="none"/><circle cx="34" cy="82" r="8" fill="#fff"/><circle cx="70" cy="82" r="8" fill="#fff"/>`,
	"bottle":     `<path d="M42 8h16v16c8 4 12 10 12 18v42c0 4-2 6-6 6H36c-4 0-6-2-6-6V42c0-8 4-14 12-18z"/><path d="M40 18h20" fill="none"/><rect x="30" y="50" width="40" height="22" fill="#fff"/>`,
	"paw":        `<path d="M50 48c14 0 26 16 26 28 0 14-16 10-26 10s-26 4-26-10c0-12 12-28 26-28z"/><ellipse cx="22" cy="44" rx="8" ry="11"/><ellipse cx="40" cy="26" rx="8" ry="12"/><ellipse cx="60" cy="26" rx="8" ry="12"/><ellipse cx="78" cy="44" rx="8" ry="11"/>`,
	"book":       `<path d="M22 14h50c4 0 6 2 6 6v68H28c-4 0-6-3-6-6z"/><path d="M22 82c0-6 4-6 6-6h50" fill="#fff"/><path d="M36 30h28M36 40h20" fill="none"/>`,
	"pencil":     `<path d="M18 66 66 18l16 16-48 48-20 4z"/><path d="M58 26l16 16M18 66l16 16" fill="none"/>`,
	"packet":     `<path d="M26 16h48l4 10v58c0 3-2 6-6 6H28c-4 0-6-3-6-6V26z"/><path d="M22 26h56" fill="none"/><rect x="32" y="40" width="36" height="30" rx="3" fill="#fff"/><path d="M50 46c-10 6-10 14 0 18 10-4 10-12 0-18z"/>`,
	"guitar":     `<path d="M52 44 82 12l8 8-32 30"/><path d="M60 42c8 8 2 16 2 22 0 18-18 28-34 24C12 84 8 66 20 56c6-5 10-2 14-10 4-10 18-12 26-4z"/><circle cx="42" cy="62" r="8" fill="#fff"/><path d="M28 70l8 8" fill="none" stroke-width="3"/>`,
	"piano":      `<rect x="8" y="30" width="84" height="44" rx="3"/><path d="M8 44h84v30H8z" fill="#fff"/><path d="M20 44v30M32 44v30M44 44v30M56 44v30M68 44v30M80 44v30" fill="none"/><path d="M18 44h5v16h-5zM30 44h5v16h-5zM54 44h5v16h-5zM66 44h5v16h-5zM78 44h5v16h-5z" fill="#1f2933"/>`,
	"ring":       `<circle cx="50" cy="62" r="26" fill="none" stroke-width="6"/><path d="M36 12h28l8 10-22 20-22-20z"/><path d="M28 22h44M44 22l6 18 6-18" fill="none"/>`,
	"necklace":   `<path d="M14 12c2 40 20 54 36 54s34-14 36-54" fill="none" stroke-width="3"/><path d="M50 64l14 12-14 16-14-16z"/>`,
	"car":        `<path d="M8 58c0-6 4-8 10-9l10-17c2-4 5-6 9-6h26c4 0 7 2 10 6l10 17c6 1 9 4 9 9v14c0 2-2 4-4 4H12c-2 0-4-2-4-4z"/><path d="M34 34h14v14H25zM54 34h11l9 14H54z" fill="#fff"/><circle cx="28" cy="76" r="9" fill="#fff"/><circle cx="72" cy="76" r="9" fill="#fff"/>`,
	"fan":        `<circle cx="50" cy="40" r="30" fill="#fff"/><path d="M50 40c-4-20 14-24 16-14 1 8-8 12-16 14zM50 40c20-4 24 14 14 16-8 1-12-8-14-16zM50 40c4 20-14 24-16 14-1-8 8-12 16-14zM50 40c-20 4-24-14-14-16 8-1 12 8 14 16z"/><path d="M50 70v16M34 88h32" fill="none" stroke-width="3"/>`,
}
