package understanding

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

//go:embed exemplars/*.txt
var exemplarFiles embed.FS

// exemplar is an utterance whose meaning is known: pieces of text with their tags.
type exemplar struct {
	intent shop.Intent
	topic  string
	pieces []piece
}

type piece struct {
	text string
	tag  tag
}

func (e exemplar) text() string {
	var b strings.Builder
	for _, p := range e.pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

func (e exemplar) first(t tag) string {
	for _, p := range e.pieces {
		if p.tag == t {
			return p.text
		}
	}
	return ""
}

// readExemplars reads the file of a language.
func readExemplars(lang shop.Lang) ([]exemplar, string, error) {
	file, err := exemplarFiles.ReadFile("exemplars/" + string(lang) + ".txt")
	if err != nil {
		return nil, "", err
	}
	var all []exemplar
	var e exemplar
	n := 0
	for line := range strings.Lines(string(file)) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "=="):
			fields := strings.Fields(strings.TrimPrefix(line, "=="))
			e = exemplar{intent: shop.Intent(fields[0])}
			if !slices.Contains(intentOrder, e.intent) {
				return nil, "", fmt.Errorf("line %d: no intent %q", n, fields[0])
			}
			if len(fields) > 1 {
				e.topic = fields[1]
			}
		default:
			pieces, err := readPieces(line)
			if err != nil {
				return nil, "", fmt.Errorf("line %d: %w", n, err)
			}
			all = append(all, exemplar{e.intent, e.topic, pieces})
		}
	}
	return all, string(file), nil
}

func readPieces(line string) ([]piece, error) {
	var pieces []piece
	for line != "" {
		open := strings.IndexByte(line, '[')
		if open < 0 {
			return append(pieces, piece{text: line}), nil
		}
		if open > 0 {
			pieces = append(pieces, piece{text: line[:open]})
		}
		shut := strings.IndexByte(line, ']')
		mark, text, ok := strings.Cut(line[open+1:max(shut, open+1)], " ")
		t := slices.Index(tagNames[:], mark)
		if !ok || t < 1 {
			return nil, fmt.Errorf("%q is no mark", line[open:])
		}
		pieces = append(pieces, piece{text, tag(t)})
		line = line[shut+1:]
	}
	return pieces, nil
}

// example is one variant of an exemplar in a conversation, as it is learned from.
type example struct {
	intent    shop.Intent
	topic     string
	utterance shop.Utterance
	pieces    []piece
	// weaken leaves a share of what word lists know out, so that the words around count too.
	weaken bool
	// public is set where the topic of a question about the shop is not known.
	public bool
	weight float64
}

// maker makes variants. Its source of chance is fixed: the same exemplars give the same examples.
type maker struct {
	lang                              shop.Lang
	rnd                               *rand.Rand
	nouns, describing, brands, colors []string
	materials                         []string
}

var (
	rareNouns = strings.Fields(`gizmo widgetizer lazy-susan trivet pouffe credenza samovar tagine mandoline balaclava fascinator cummerbund
		terrarium zoetrope planchette carafe cruet doily antimacassar valance bolster footstool hassock escritoire armoire etagere cheval torchiere
		sconce girandole tatami futon shoji kotatsu yukata kimono obi sari dirndl poncho serape gaiters spats cravat pashmina stole boa muff
		hurdy-gurdy kalimba ocarina didgeridoo theremin zither dulcimer bagpipes kazoo bodhran cajon djembe
		dehydrator sous-vide pizzelle raclette fondue tortilla-press spiralizer salamander chinois spurtle muddler jigger
		bokeh-lens loupe sextant gyroscope barometer anemometer astrolabe planimeter`)
	rareHan   = strings.Fields(`鲁班锁 九连环 留声机 蓑衣 斗笠 砚台 镇纸 搪瓷缸 痰盂 熏炉 汤婆子 竹蜻蜓 陶埙 箜篌 编钟 摇椅套 窗纱 门帘 蒲团 香囊 折扇 团扇 檀木梳 银簪 步摇 马面裙 云肩 护颈仪 腹肌贴 洗鼻器 蒸汽眼罩 破冰锤 岩板 凿冰器 手冲架 咖啡渣盒 挤牙膏器 窗缝刷 纱窗贴 隔音棉`)
	newBrands = strings.Fields(`Zorvex Quillon Brintec Halvane Mirado Tessaro Ovenda Kelvora Luminex Drayton Nordvik Fennmark Astoria Velora Pemberton Ravello Kyoto Sundale Cormax Ellwyn`)
	newHan    = strings.Fields(`云帆 木兮 清禾 极光 星驰 南屿 朗格 锐翼`)
)

// plainWords leaves out terms that hold a word for a colour, a material, a group or a brand: their tag would not be
// that of the term.
func plainWords(terms []string) []string {
	return slices.DeleteFunc(terms, func(t string) bool {
		if len(lexicon.ColorsIn(t))+len(lexicon.MaterialsIn(t))+len(lexicon.AudiencesIn(t)) > 0 {
			return true
		}
		return lexicon.IsHan(t) && publicWords.cutHan(t) > 0
	})
}

func newMaker(lang shop.Lang) *maker {
	m := &maker{lang: lang, rnd: rand.New(rand.NewPCG(7, uint64(len(lang))))}
	if lang == shop.Chinese {
		m.nouns = plainWords(long(lexicon.ChineseTerms(lexicon.Kind)))
		m.describing = plainWords(long(lexicon.ChineseTerms(lexicon.Describing)))
		for _, b := range lexicon.Brands() {
			if lexicon.IsHan(b) || len(m.brands)%4 == 0 {
				m.brands = append(m.brands, b)
			}
		}
		m.colors = strings.Fields("黑色 白色 红色 蓝色 绿色 黄色 灰色 粉色 紫色 棕色 银色 金色 米色 深蓝色 酒红色 军绿色 咖啡色")
		m.materials = strings.Fields("真皮 皮革 纯棉 羊毛 实木 不锈钢 玻璃 陶瓷 塑料 金属 亚麻 真丝 牛仔布 帆布 竹制 硅胶 铝合金 乳胶")
		return m
	}
	m.nouns = plainWords(lexicon.Terms(lexicon.Kind))
	m.describing = plainWords(lexicon.Terms(lexicon.Describing))
	for b := range publicWords.brands {
		if !lexicon.IsHan(b) {
			m.brands = append(m.brands, b)
		}
	}
	slices.Sort(m.brands)
	m.colors = strings.Fields("black white red blue green yellow grey gray pink purple brown silver gold beige navy orange turquoise burgundy olive")
	m.materials = strings.Fields("leather suede cotton wool linen silk denim canvas steel wood wooden oak bamboo glass ceramic plastic metal velvet rubber aluminum marble copper")
	return m
}

func long(terms []string) []string {
	return slices.DeleteFunc(terms, func(t string) bool { return utf8Len(t) < 2 })
}

func (m *maker) pick(list []string) string { return list[m.rnd.IntN(len(list))] }

func (m *maker) chance(p float64) bool { return m.rnd.Float64() < p }

// noun is a random kind of product, in the number of the one that it replaces.
func (m *maker) noun(old string) string {
	if m.lang == shop.Chinese {
		n := m.pick(m.nouns)
		if m.chance(0.2) {
			n = m.pick(rareHan)
		}
		if m.chance(0.2) {
			n = m.pick(m.describing) + n
		}
		return n
	}
	n := m.pick(m.nouns)
	if m.chance(0.25) {
		n = m.pick(rareNouns)
	}
	if m.chance(0.2) {
		n = m.pick(m.describing) + " " + n
	}
	if strings.HasSuffix(old, "s") && !strings.HasSuffix(old, "ss") {
		n = lexicon.Plural(n)
	}
	return n
}

// swap replaces a marked piece by another of its kind.
func (m *maker) swap(p piece) piece {
	switch p.tag {
	case tagProduct:
		p.text = m.noun(p.text)
	case tagBrand:
		switch {
		case m.lang == shop.Chinese && m.chance(0.15):
			p.text = m.pick(newHan)
		case m.chance(0.2):
			p.text = m.pick(newBrands)
		default:
			p.text = m.pick(m.brands)
		}
	case tagColor:
		if utf8Len(p.text) > 1 {
			p.text = m.pick(m.colors)
		}
	case tagMaterial:
		if utf8Len(p.text) > 1 {
			p.text = m.pick(m.materials)
		}
	case tagExclude:
		if m.lang == shop.Chinese && utf8Len(p.text) < 2 {
			return p
		}
		p.text = m.pick([]string{m.pick(m.colors), m.pick(m.materials), m.pick(m.brands), m.pick(m.brands), p.text})
	}
	return p
}

// examples makes the variants of all exemplars, each in a conversation that suits its intent.
func (m *maker) examples(all []exemplar, variants int) []example {
	perIntent := map[shop.Intent]int{}
	for _, e := range all {
		perIntent[e.intent]++
	}
	var made []example
	for i, e := range all {
		m.rnd = rand.New(rand.NewPCG(uint64(i), 11))
		for v := range variants {
			pieces := slices.Clone(e.pieces)
			if v > 0 {
				for j := range pieces {
					if pieces[j].tag != tagNone {
						pieces[j] = m.swap(pieces[j])
					}
				}
			}
			pieces = m.noise(pieces, v)
			x := example{intent: e.intent, topic: e.topic, pieces: pieces, weaken: v > 1 && m.chance(0.4)}
			x.weight = 1 / float64(variants)
			x.utterance = m.talk(exemplar{e.intent, e.topic, pieces})
			made = append(made, x)
		}
	}
	return made
}

// noise changes how the words are written: a capital, an end mark, a slip of the finger, a polite word.
func (m *maker) noise(pieces []piece, v int) []piece {
	if v == 0 {
		return pieces
	}
	first, last := &pieces[0], len(pieces)-1
	if m.lang == shop.English {
		if m.chance(0.4) && first.tag != tagBrand {
			first.text = strings.ToUpper(first.text[:1]) + first.text[1:]
		}
		if m.chance(0.1) {
			pieces = append([]piece{{text: m.pick([]string{"hi, ", "hello ", "hey ", "ok ", "okay, ", "well ", "sorry, ", "please "})}}, pieces...)
			last++
		}
		if m.chance(0.08) && !strings.Contains(pieces[last].text, "?") {
			pieces = append(pieces, piece{text: m.pick([]string{" please", " thanks", ", please", " thank you"})})
			last++
		}
		if m.chance(0.15) {
			j := m.rnd.IntN(len(pieces))
			if pieces[j].tag == tagNone {
				pieces[j].text = m.slip(pieces[j].text)
			}
		}
	} else {
		if m.chance(0.1) {
			pieces = append([]piece{{text: m.pick([]string{"你好，", "您好，", "嗯，", "那", "请问", "亲，"})}}, pieces...)
			last++
		}
	}
	end := pieces[last].text
	if c := end[len(end)-1]; m.chance(0.3) && c != '?' && c != '!' && c != '.' {
		pieces = append(pieces, piece{text: m.pick([]string{".", "!", "?", "…"})[:1]})
	} else if m.chance(0.3) && pieces[last].tag == tagNone {
		if t := strings.TrimRight(end, "?!."); t != "" {
			pieces[last].text = t
		}
	}
	return pieces
}

// slip swaps two letters of a long word.
func (m *maker) slip(text string) string {
	fields := strings.Split(text, " ")
	j := m.rnd.IntN(len(fields))
	w := []byte(fields[j])
	if len(w) < 5 || !isLetters(w) {
		return text
	}
	k := 1 + m.rnd.IntN(len(w)-3)
	switch m.rnd.IntN(3) {
	case 0:
		w[k], w[k+1] = w[k+1], w[k]
	case 1:
		w = append(w[:k], w[k+1:]...)
	default:
		w = slices.Insert(w, k, w[k])
	}
	fields[j] = string(w)
	return strings.Join(fields, " ")
}

func isLetters(w []byte) bool {
	return !slices.ContainsFunc(w, func(c byte) bool { return c < 'a' || c > 'z' })
}

// talk puts the exemplar into a conversation.
func (m *maker) talk(e exemplar) shop.Utterance {
	u := shop.Utterance{Text: e.text()}
	shown, talked := 0.0, 0.0
	switch e.intent {
	case shop.IntentSearch:
		shown, talked = 0.35, 0.1
	case shop.IntentRefine:
		shown, talked = 0.85, 1
	case shop.IntentRecommend:
		shown, talked = 0.2, 0.1
	case shop.IntentCompare:
		shown = 0.97
	case shop.IntentProductQuestion:
		shown = 0.95
	case shop.IntentAddToCart:
		shown = 0.95
	case shop.IntentRemoveFromCart:
		shown = 0.35
	default:
		shown, talked = 0.25, 0.15
	}
	about := m.noun("")
	if e.intent == shop.IntentRefine && e.first(tagProduct) != "" {
		about = e.first(tagProduct)
	}
	if m.chance(max(shown, talked)) {
		if m.chance(0.85) || e.intent == shop.IntentRefine {
			ask := m.pick([]string{"%", "i need a %", "looking for %", "show me %"})
			if m.lang == shop.Chinese {
				ask = m.pick([]string{"%", "想买%", "有没有%", "看看%"})
			}
			u.History = []string{strings.ReplaceAll(ask, "%", about)}
		}
		if m.chance(shown / max(shown, talked)) {
			n := 1 + m.rnd.IntN(4)
			if e.intent == shop.IntentCompare {
				n = 2 + m.rnd.IntN(3)
			}
			for range n {
				u.Shown = append(u.Shown, m.shownProduct(about))
			}
			m.matchShown(&u, e)
		}
	}
	return u
}

func (m *maker) shownProduct(about string) shop.ShownProduct {
	brand := ""
	if m.chance(0.7) {
		brand = m.pick(m.brands)
	}
	title := strings.TrimSpace(brand + " " + about + " " + strconv.Itoa(100+m.rnd.IntN(900)))
	if m.chance(0.3) {
		title = strings.TrimSpace(brand + " " + m.pick(m.describing) + " " + about)
	}
	return shop.ShownProduct{Title: title, Brand: brand, Color: m.pick(m.colors), Price: shop.FromMajor(float64(10+m.rnd.IntN(900)), "USD")}
}

// matchShown puts what the exemplar points at on the screen.
func (m *maker) matchShown(u *shop.Utterance, e exemplar) {
	switch e.intent {
	case shop.IntentCompare, shop.IntentProductQuestion, shop.IntentAddToCart, shop.IntentRemoveFromCart:
	default:
		if e.intent != shop.IntentRefine || !m.chance(0.4) {
			return
		}
	}
	at := 0
	for _, p := range e.pieces {
		if at == len(u.Shown) {
			return
		}
		s := &u.Shown[at]
		switch p.tag {
		case tagBrand, tagExclude:
			s.Brand, s.Title = p.text, p.text+" "+s.Title
		case tagColor:
			s.Color = p.text
		case tagProduct, tagMaterial:
			s.Title += " " + p.text
		default:
			continue
		}
		at++
	}
}
