package lexicon_test

import (
	"testing"

	"floorwalker/lexicon"
)

func TestMendKnowsSlipsFromOtherWords(t *testing.T) {
	s := lexicon.NewSpeller(map[string]int{"sneakers": 40, "gizmolux": 9, "platter": 12, "tpyo": 1, "kayak": 9, "unicorn": 3})
	for said, want := range map[string]string{
		"headfones": "headphones", "keybord": "keyboard", "sneekers": "sneakers", "bluetoth": "bluetooth", "speeker": "speaker",
		"backpak": "backpack", "lether": "leather", "wimen": "", "tabel": "table", "skool": "", "toothbrushes": "", "trending": "", "lightest": "", "gizmolx": "gizmolux", "labtop": "laptop", "pritners": "printers",
		"mouses": "", "matter": "", "germany": "", "platter": "", "kayaks": "", "shoes": "", "zzzzzz": "", "m185": "", "": "", "四十": "",
		"spaceship": "", "tagine": "", "wether": "weather", "unicorns": "",
	} {
		got, ok := s.Mend(said)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("Mend(%q) = %q, want %q", said, got, want)
		}
	}
	if got := s.MendPhrase("a red lether backpak 40L"); got != "a red leather backpack 40L" {
		t.Errorf("phrase: %q", got)
	}
}

func BenchmarkMend(b *testing.B) {
	s := lexicon.NewSpeller(nil)
	for b.Loop() {
		s.Mend("headfones")
	}
}
