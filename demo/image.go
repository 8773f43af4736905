package demo

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Image draws a placeholder picture of a product as SVG, 480 x 480: an icon for its kind, filled with its first
// known colour or else one for its category, on a soft ground, with the title below. The same product always
// gives the same bytes. Texts are escaped and nothing is referred to, so the picture may be served from the
// shop's own origin.
func Image(category, title string, colors []string) []byte {
	fill, known := paint(colors)
	tints := [...]string{"#f1ece4", "#e8eef1", "#edf0e6", "#f3e9e7", "#ebe8f2", "#e6f0ee"}
	h := fnv.New32a()
	h.Write([]byte(category + "\x00" + title)) //nolint:errcheck // a hash never fails
	tint := tints[h.Sum32()%uint32(len(tints))]
	if !known {
		accents := [...]string{"#e2b984", "#94b8a9", "#a3b8d4", "#d9aca6", "#cdc08f", "#b9b0d0"}
		h.Reset()
		h.Write([]byte(category)) //nolint:errcheck // a hash never fails
		fill = accents[h.Sum32()%uint32(len(accents))]
	}
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480" width="480" height="480" role="img">`)
	fmt.Fprintf(&b, `<title>%s</title><rect width="480" height="480" fill="%s"/>`, escape(title), tint)
	fmt.Fprintf(&b, `<ellipse cx="240" cy="352" rx="150" ry="16" fill="#1f2933" opacity=".10"/>`)
	fmt.Fprintf(&b, `<g transform="translate(90 56) scale(3)" fill="%s" stroke="#1f2933" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round">%s</g>`,
		fill, iconFor(category, title))
	for i, line := range wrap(title, 34, 2) {
		fmt.Fprintf(&b, `<text x="240" y="%d" text-anchor="middle" font-family="system-ui,sans-serif" font-size="21" fill="#1f2933">%s</text>`,
			412+28*i, escape(line))
	}
	b.WriteString(`</svg>`)
	return []byte(b.String())
}

// paint is the colour to draw with: the first one known.
func paint(colors []string) (hex string, known bool) {
	for _, c := range colors {
		c = strings.ToLower(strings.TrimSpace(c))
		if hex, known = paints[c]; known {
			return hex, true
		}
		if i := strings.LastIndexAny(c, " -"); i >= 0 {
			if hex, known = paints[c[i+1:]]; known {
				return hex, true
			}
		}
	}
	return "", false
}

// escape makes text safe in SVG and drops what XML can't hold.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\'':
			b.WriteString("&#39;")
		case r == utf8.RuneError, r < ' ', r == 0xfffe, r == 0xffff, !unicode.IsPrint(r) && r != ' ':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// wrap breaks a text into lines of about width letters; a Han character is as wide as two letters.
func wrap(text string, width, lines int) []string {
	var out []string
	line, used := "", 0
	for _, word := range breakable(text) {
		w := 0
		for _, r := range word {
			w++
			if unicode.Is(unicode.Han, r) {
				w++
			}
		}
		if used+w > width && line != "" {
			out = append(out, strings.TrimSpace(line))
			if line, used = "", 0; len(out) == lines {
				out[lines-1] += "…"
				return out
			}
			word = strings.TrimLeft(word, " ")
		}
		if r := []rune(word); len(r) > width {
			word = string(r[:width-1]) + "…"
		}
		line, used = line+word, used+w
	}
	if line = strings.TrimSpace(line); line != "" {
		out = append(out, line)
	}
	return out
}

// breakable parts a text before each space and around each Han character.
func breakable(text string) []string {
	var parts []string
	start := 0
	for i, r := range text {
		if i > start && (r == ' ' || unicode.Is(unicode.Han, r)) {
			parts = append(parts, text[start:i])
			start = i
		}
	}
	return append(parts, text[start:])
}

// paints are the colours of products, a little muted.
var paints = map[string]string{
	"black": "#3b4248", "white": "#fbfbf9", "grey": "#a9b2b9", "gray": "#a9b2b9", "graphite": "#5b636a", "charcoal": "#4a5157",
	"silver": "#d3d9de", "navy": "#2f4a73", "blue": "#5b8fc7", "teal": "#3e9a97", "turquoise": "#5cbcb6", "red": "#cf5a4e",
	"burgundy": "#8d3b4a", "orange": "#e8955a", "coral": "#ec8a7a", "rust": "#b8623c", "terracotta": "#c97a5b", "yellow": "#f0cf60",
	"mustard": "#d3a73f", "lime": "#b4d257", "green": "#6fa86b", "olive": "#8a8f55", "sage": "#a9bd9f", "mint": "#a6dcc4",
	"violet": "#8d78c0", "purple": "#8a63a8", "lavender": "#c3b4e3", "pink": "#ecaebc", "brown": "#8d6a4f", "tan": "#c69a6d",
	"cognac": "#a8663d", "beige": "#e3d5bd", "cream": "#f5ecd8", "gold": "#dcb860", "champagne": "#ead9b5", "copper": "#c3855e",
	"oak": "#d2ab7c", "walnut": "#7d5a43", "natural": "#dcc09a", "clear": "#eaf2f5", "transparent": "#eaf2f5", "sunburst": "#d58a45",
	"multicolour": "#e6b15c", "multicolor": "#e6b15c", "bronze": "#a97c50", "rose gold": "#e3b3a4", "light blue": "#a9cbe6", "dark blue": "#33507d", "royal blue": "#3f63b8",
	"midnight blue": "#2b3a5c", "forest green": "#3d6b50", "dusty pink": "#d9adab",
}
