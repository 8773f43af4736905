package understanding

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"floorwalker/shop"
)

// model is what was learned from the exemplars of one language.
type model struct {
	// learned is the fingerprint of what it was learned from.
	learned [32]byte
	tagger  tagger
	intents classifier
	topics  classifier
}

//go:generate go test -run TestModelsAreCurrent -update -timeout 30m .

//go:embed learned/*.bin
var learned embed.FS

// intentOrder and topicOrder are the classes in the order of the weights. Topic 0 is none.
var (
	intentOrder = shop.Intents()
	topicOrder  = []string{"", "hours", "payment", "privacy", "returns", "shipping", "warranty"}
)

// loadModel reads the model of a language out of the binary.
func loadModel(lang shop.Lang) (*model, error) {
	data, err := learned.ReadFile("learned/" + string(lang) + ".bin")
	if err != nil {
		return nil, fmt.Errorf("read the parser's model: %w", err)
	}
	m, err := readModel(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read the parser's model for %s: %w", lang, err)
	}
	return m, nil
}

// magic begins a file; it changes with the format.
const magic = "FWU1"

// write puts the model down: gzip over a header, then each part as rows of 16-bit weights with a scale.
func (m *model) write(w io.Writer) error {
	zip, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("compress the model: %w", err)
	}
	p := &pen{w: zip}
	p.bytes([]byte(magic))
	p.bytes(m.learned[:])
	rows := make(map[uint32][]float32, len(m.tagger.weights))
	for f, w := range m.tagger.weights {
		rows[f] = w[:]
	}
	p.rows(rows, int(tagCount))
	for _, c := range []*classifier{&m.intents, &m.topics} {
		p.number(uint32(c.classes))
		p.number(uint32(len(c.dense)))
		dense := map[uint32][]float32{0: c.bias}
		for i, row := range c.dense {
			dense[uint32(i+1)] = row
		}
		p.rows(dense, c.classes)
		p.rows(c.sparse, c.classes)
	}
	if p.err != nil {
		return fmt.Errorf("write the model: %w", p.err)
	}
	return zip.Close()
}

// maxRows bounds what a damaged file can ask for.
const maxRows = 1 << 20

func readModel(r io.Reader) (*model, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	p := &pen{r: zip}
	if head := p.take(len(magic)); string(head) != magic {
		return nil, errors.Join(errors.New("the file is none of this version"), p.err)
	}
	m := &model{tagger: tagger{weights: map[uint32]*[tagCount]float32{}}}
	copy(m.learned[:], p.take(len(m.learned)))
	for f, w := range p.readRows(int(tagCount)) {
		m.tagger.weights[f] = (*[tagCount]float32)(w)
	}
	for _, c := range []*classifier{&m.intents, &m.topics} {
		c.classes = int(p.readNumber())
		width := int(p.readNumber())
		if p.err == nil && (c.classes < 1 || c.classes > 64 || width < 0 || width > 4096) {
			return nil, fmt.Errorf("%d classes over %d numbers: the file is damaged", c.classes, width)
		}
		dense := p.readRows(c.classes)
		if p.err != nil {
			break
		}
		if c.bias = dense[0]; c.bias == nil {
			return nil, errors.New("the file is damaged: no bias")
		}
		c.dense = make([][]float32, width)
		for i := range c.dense {
			c.dense[i] = dense[uint32(i+1)]
		}
		c.sparse = p.readRows(c.classes)
	}
	if p.err != nil {
		return nil, fmt.Errorf("unpack: %w", p.err)
	}
	if m.intents.classes != len(intentOrder) || m.topics.classes != len(topicOrder) {
		return nil, errors.New("the model knows other intents: generate it anew")
	}
	return m, nil
}

// pen writes and reads the parts of a model; the first error sticks.
type pen struct {
	w   io.Writer
	r   io.Reader
	err error
}

func (p *pen) bytes(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *pen) number(n uint32) { p.bytes(binary.LittleEndian.AppendUint32(nil, n)) }

func (p *pen) take(n int) []byte {
	b := make([]byte, n)
	if p.err == nil {
		_, p.err = io.ReadFull(p.r, b)
	}
	return b
}

func (p *pen) readNumber() uint32 { return binary.LittleEndian.Uint32(p.take(4)) }

// rows writes each row with the largest weight as its scale.
func (p *pen) rows(rows map[uint32][]float32, width int) {
	p.number(uint32(len(rows)))
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		row, top := rows[key], float32(0)
		for _, v := range row {
			top = max(top, float32(math.Abs(float64(v))))
		}
		p.number(key)
		p.number(math.Float32bits(top))
		quantised := make([]byte, 0, width)
		for k := range width {
			q := 0.0
			if top > 0 {
				q = math.Round(float64(row[k]/top) * 127)
			}
			quantised = append(quantised, byte(int8(q)))
		}
		p.bytes(quantised)
	}
}

func (p *pen) readRows(width int) map[uint32][]float32 {
	n := p.readNumber()
	if p.err == nil && n > maxRows {
		p.err = fmt.Errorf("%d rows", n)
	}
	if p.err != nil {
		return nil
	}
	rows := make(map[uint32][]float32, n)
	for range n {
		key, top := p.readNumber(), math.Float32frombits(p.readNumber())
		quantised := p.take(width)
		if p.err != nil {
			return nil
		}
		row := make([]float32, width)
		for k, q := range quantised {
			row[k] = float32(int8(q)) / 127 * top
		}
		rows[key] = row
	}
	return rows
}

// Fingerprint names what the parser's models were learned from, for logs.
func (l *Local) Fingerprint() string {
	return hex.EncodeToString(l.models[shop.English].learned[:4]) + "-" + hex.EncodeToString(l.models[shop.Chinese].learned[:4])
}
