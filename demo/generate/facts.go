package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// fact is what a product of a kind has: a number with a unit, or one of some words.
type fact struct {
	name string
	// worth is 1 where more of it costs more, -1 where less of it does, 0 where it does not matter.
	worth   int
	numbers []float64
	unit    unit
	words   []words
	sizes   string
}

// value is one product's fact.
type value struct {
	words
	attribute string
	// place is from 0 to 1, low to high, for the price.
	place float64
	worth int
}

// newFacts reads "weight- 210-310/5 g; material mesh=网面, knit=针织".
func newFacts(text string) ([]fact, error) {
	var all []fact
	for _, part := range strings.Split(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		f, err := newFact(part)
		if err != nil {
			return nil, fmt.Errorf("fact %q: %w", part, err)
		}
		all = append(all, f)
	}
	return all, nil
}

func newFact(text string) (fact, error) {
	name, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	f := fact{name: name}
	switch {
	case strings.HasSuffix(name, "+"):
		f.name, f.worth = name[:len(name)-1], 1
	case strings.HasSuffix(name, "-"):
		f.name, f.worth = name[:len(name)-1], -1
	}
	switch {
	case f.name == "colour":
		return f, f.takeColours(rest)
	case f.name == "for":
		for _, who := range strings.Split(rest, ",") {
			if _, ok := possessive[who]; !ok {
				return f, fmt.Errorf("unknown audience %q", who)
			}
			f.words = append(f.words, words{who, audienceChinese[who]})
		}
		return f, nil
	case f.name == "size" && strings.HasPrefix(rest, "@"):
		f.sizes = rest[1:]
		if _, ok := sizeCharts[f.sizes]; !ok {
			return f, fmt.Errorf("unknown sizes")
		}
		return f, nil
	case strings.Contains(rest, "="):
		for _, w := range strings.Split(rest, ",") {
			en, zh, ok := strings.Cut(w, "=")
			if !ok {
				return f, fmt.Errorf("%q has no Chinese", w)
			}
			f.words = append(f.words, words{strings.TrimSpace(en), strings.TrimSpace(zh)})
		}
		return f, nil
	}
	return f, f.takeNumbers(rest)
}

func (f *fact) takeColours(text string) error {
	names := strings.Split(text, ",")
	if preset, ok := palettes[text]; ok {
		names = strings.Split(preset, ",")
	}
	for _, n := range names {
		n = strings.TrimSpace(n)
		zh, ok := colourChinese[n]
		if !ok {
			return fmt.Errorf("unknown colour %q", n)
		}
		f.words = append(f.words, words{n, zh})
	}
	return nil
}

// takeNumbers reads "210-310/5 g", "1,1.5,1.7 l" or "8".
func (f *fact) takeNumbers(text string) error {
	numbers, name, _ := strings.Cut(text, " ")
	var ok bool
	if f.unit, ok = units[strings.TrimSpace(name)]; !ok {
		return fmt.Errorf("unknown unit %q", name)
	}
	if strings.LastIndex(numbers, "-") > 0 && !strings.Contains(numbers, ",") {
		extent, stepText, _ := strings.Cut(numbers, "/")
		low, high, err := span(extent)
		if err != nil {
			return err
		}
		step := 1.0
		if stepText != "" {
			if step, err = strconv.ParseFloat(stepText, 64); err != nil || step <= 0 {
				return fmt.Errorf("bad step %q", stepText)
			}
		}
		for i := range int(math.Round((high-low)/step)) + 1 {
			f.numbers = append(f.numbers, math.Round((low+float64(i)*step)*1000)/1000)
		}
		return nil
	}
	for _, n := range strings.Split(numbers, ",") {
		v, err := strconv.ParseFloat(n, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", n)
		}
		f.numbers = append(f.numbers, v)
	}
	return nil
}

// pick chooses one value. Sizes depend on whom the product is for.
func (f fact) pick(r *rand.Rand, audience string) value {
	v := value{worth: f.worth}
	switch {
	case f.sizes != "":
		chart := sizeCharts[f.sizes]
		if own, ok := sizeCharts[f.sizes+" "+audience]; ok {
			chart = own
		}
		all := strings.Fields(chart)
		if len(all) > 4 { // not every size of a long chart is made
			all = all[r.IntN(2) : len(all)-r.IntN(2)]
		}
		v.attribute = strings.Join(all, ", ")
		v.words = words{all[0] + " to " + all[len(all)-1], all[0] + "至" + all[len(all)-1]}
	case len(f.words) > 0:
		i := r.IntN(len(f.words))
		v.words = f.words[i]
		v.attribute = v.en
		if len(f.words) > 1 {
			v.place = float64(i) / float64(len(f.words)-1)
		}
	default:
		i := r.IntN(len(f.numbers))
		n := f.numbers[i]
		v.en, v.zh = f.unit.say(n)
		v.attribute = v.en
		if len(f.numbers) > 1 {
			v.place = float64(i) / float64(len(f.numbers)-1)
		}
	}
	return v
}

// unit is how an amount is written after its number.
type unit struct{ one, many, zh string }

func (u unit) say(n float64) (en, zh string) {
	number := strconv.FormatFloat(n, 'f', -1, 64)
	if u.zh == "万像素" { // Chinese counts pixels by ten thousands
		return number + u.many, strconv.FormatFloat(n*100, 'f', -1, 64) + u.zh
	}
	if n == 1 {
		return number + u.one, number + u.zh
	}
	return number + u.many, number + u.zh
}

var units = map[string]unit{
	"":             {},
	"g":            {" g", " g", "克"},
	"kg":           {" kg", " kg", "公斤"},
	"l":            {" litre", " litres", "升"},
	"ml":           {" ml", " ml", "毫升"},
	"W":            {" W", " W", "瓦"},
	"h":            {" hour", " hours", "小时"},
	"min":          {" minute", " minutes", "分钟"},
	"s":            {" second", " seconds", "秒"},
	"d":            {" day", " days", "天"},
	"mm":           {" mm", " mm", "毫米"},
	"cm":           {" cm", " cm", "厘米"},
	"m":            {" m", " m", "米"},
	"km":           {" km", " km", "公里"},
	"mAh":          {" mAh", " mAh", "毫安时"},
	"Ah":           {" Ah", " Ah", "安时"},
	"Wh":           {" Wh", " Wh", "瓦时"},
	"GB":           {" GB", " GB", "GB"},
	"TB":           {" TB", " TB", "TB"},
	"MB/s":         {" MB/s", " MB/s", "MB/s"},
	"Mbit/s":       {" Mbit/s", " Mbit/s", "兆比特每秒"},
	"in":           {" inch", " inch", "英寸"},
	"Hz":           {" Hz", " Hz", "赫兹"},
	"ms":           {" ms", " ms", "毫秒"},
	"dpi":          {" dpi", " dpi", "DPI"},
	"dB":           {" dB", " dB", "分贝"},
	"lm":           {" lumen", " lumens", "流明"},
	"lx":           {" lux", " lux", "勒克斯"},
	"K":            {" K", " K", "开"},
	"V":            {" V", " V", "伏"},
	"Nm":           {" Nm", " Nm", "牛米"},
	"N":            {" N", " N", "牛"},
	"bar":          {" bar", " bar", "巴"},
	"Pa":           {" Pa", " Pa", "帕"},
	"C":            {" °C", " °C", "摄氏度"},
	"gsm":          {" g/m²", " g/m²", "克/平方米"},
	"MP":           {" MP", " MP", "万像素"},
	"people":       {" person", " people", "人"},
	"years":        {" year", " years", "岁"},
	"yr":           {" year", " years", "年"},
	"months":       {" month", " months", "个月"},
	"pieces":       {" piece", " pieces", "件"},
	"parts":        {" piece", " pieces", "块"},
	"sheets":       {" sheet", " sheets", "张"},
	"pages":        {" page", " pages", "页"},
	"ppm":          {" page a minute", " pages a minute", "页/分钟"},
	"keys":         {" key", " keys", "键"},
	"rpm":          {" rpm", " rpm", "转/分钟"},
	"m2":           {" m²", " m²", "平方米"},
	"m3/h":         {" m³/h", " m³/h", "立方米/小时"},
	"ml/h":         {" ml/h", " ml/h", "毫升/小时"},
	"%":            {"%", "%", "%"},
	"ports":        {" port", " ports", "个接口"},
	"levels":       {" level", " levels", "档"},
	"gears":        {" gear", " gears", "速"},
	"bags":         {" bag", " bags", "包"},
	"players":      {" player", " players", "人"},
	"SPF":          {"", "", ""},
	"threads":      {" threads", " threads", "支纱"},
	"compartments": {" compartment", " compartments", "个隔层"},
	"shelves":      {" shelf", " shelves", "层"},
	"buttons":      {" button", " buttons", "个按键"},
	"jets":         {" pattern", " patterns", "种水型"},
	"drawers":      {" drawer", " drawers", "个抽屉"},
	"pairs":        {" pair", " pairs", "双"},
	"pockets":      {" pocket", " pockets", "个口袋"},
	"steps":        {" step", " steps", "级"},
	"songs":        {" song", " songs", "首"},
	"sounds":       {" sound", " sounds", "种音色"},
	"colours":      {" colour", " colours", "色"},
	"bottles":      {" bottle", " bottles", "瓶"},
	"degrees":      {"°", "°", "度"},
	"strings":      {" string", " strings", "弦"},
	"kcal":         {" kcal", " kcal", "千卡"},
	"A":            {" A", " A", "安"},
}

// possessive is how a title says whom the product is for.
var possessive = map[string]words{
	"men": {"men's", "男士"}, "women": {"women's", "女士"}, "kids": {"kids'", "儿童"}, "boys": {"boys'", "男童"},
	"girls": {"girls'", "女童"}, "baby": {}, "unisex": {}, // the things for babies say so themselves
}

var audienceChinese = map[string]string{
	"men": "男士", "women": "女士", "kids": "儿童", "boys": "男童", "girls": "女童", "baby": "婴儿", "unisex": "男女通用",
}

// sizeCharts are the sizes in the order of a chart; "eu men" is the chart eu for men.
var sizeCharts = map[string]string{
	"eu": "36 37 38 39 40 41 42 43 44 45 46", "eu men": "40 41 42 43 44 45 46 47", "eu women": "36 37 38 39 40 41 42",
	"eu kids": "28 29 30 31 32 33 34 35 36", "eu girls": "28 29 30 31 32 33 34 35", "eu boys": "28 29 30 31 32 33 34 35 36",
	"eu baby": "18 19 20 21 22 23 24",
	"alpha":   "XS S M L XL XXL", "alpha kids": "104 116 128 140 152 164", "alpha girls": "104 116 128 140 152",
	"alpha boys": "104 116 128 140 152 164", "alpha baby": "56 62 68 74 80 86",
	"waist": "28 29 30 31 32 33 34 36 38", "waist women": "25 26 27 28 29 30 31 32",
	"ring": "50 52 54 56 58 60", "glove": "7 8 9 10 11", "socks": "35-38 39-42 43-46",
	"head": "S M L",
}

// palettes are sets of colours that suit a sort of thing.
var palettes = map[string]string{
	"@sport": "black,white,navy,grey,red,teal,orange,lime,royal blue,coral,olive,violet",
	"@wear":  "black,white,navy,grey,burgundy,olive,beige,forest green,light blue,rust,cream,brown",
	"@soft":  "white,cream,sage,dusty pink,grey,light blue,beige,terracotta,navy,mustard",
	"@tech":  "black,white,silver,graphite,midnight blue",
	"@vivid": "black,white,red,blue,mint,lavender,yellow,pink",
	"@metal": "silver,gold,rose gold",
	"@wood":  "oak,walnut,white,black",
	"@kids":  "red,blue,yellow,green,pink,turquoise",
	"@bag":   "black,navy,olive,grey,tan,burgundy,forest green,mustard,light blue,sage",
	"@home":  "white,grey,black,cream,sage,navy,terracotta",
}

var colourChinese = map[string]string{
	"black": "黑色", "white": "白色", "navy": "藏青色", "grey": "灰色", "red": "红色", "teal": "蓝绿色", "orange": "橙色",
	"lime": "亮绿色", "royal blue": "宝蓝色", "coral": "珊瑚红色", "olive": "橄榄绿色", "violet": "紫色", "burgundy": "酒红色",
	"beige": "米色", "forest green": "墨绿色", "light blue": "浅蓝色", "rust": "铁锈橙色", "cream": "奶白色", "brown": "棕色",
	"sage": "灰绿色", "dusty pink": "灰粉色", "terracotta": "陶土色", "mustard": "姜黄色", "silver": "银色", "graphite": "石墨灰色",
	"midnight blue": "深蓝色", "blue": "蓝色", "mint": "薄荷绿色", "lavender": "淡紫色", "yellow": "黄色", "pink": "粉色",
	"gold": "金色", "rose gold": "玫瑰金色", "oak": "橡木色", "walnut": "胡桃木色", "turquoise": "青色", "tan": "棕褐色",
	"green": "绿色", "purple": "紫色", "dark blue": "深蓝色", "charcoal": "炭灰色", "copper": "古铜色", "multicolour": "多色",
	"natural": "原木色", "clear": "透明", "sunburst": "渐变色", "cognac": "干邑棕色", "champagne": "香槟色",
}
