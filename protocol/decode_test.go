package protocol_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestFramesOfClientsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		frame string
		want  any
	}{
		"a message": {`{"v":1,"type":"message.send","client_msg_id":"c-1","data":{"text":" red  shoes\u0000 ","locale":"zh"}}`,
			&protocol.MessageSend{Text: "red  shoes", Locale: shop.Chinese}},
		"a message in a language that is not spoken": {`{"v":1,"type":"message.send","client_msg_id":"c-1","data":{"text":"x","locale":"tlh"}}`,
			&protocol.MessageSend{Text: "x"}},
		"fields of a later version are passed over": {`{"v":1,"type":"turn.stop","new":[1],"data":{"message_id":"m","more":true}}`,
			&protocol.TurnStop{MessageID: "m"}},
		"a resume of one that knows nothing": {`{"v":1,"type":"session.resume"}`, &protocol.SessionResume{}},
		"a resume":                           {`{"v":1,"type":"session.resume","data":{"epoch":"e","seq":7}}`, &protocol.SessionResume{Epoch: "e", Seq: 7}},
		"null data":                          {`{"v":1,"type":"ping","data":null}`, &protocol.Ping{}},
		"a cart":                             {`{"v":1,"type":"cart.set","data":{"sku":"S1","quantity":0}}`, &protocol.CartSet{SKU: "S1"}},
		"a declined card":                    {`{"v":1,"type":"card.decline","data":{"sku":"S1","position":3}}`, &protocol.CardDecline{SKU: "S1", Position: 3}},
		"brackets inside text":               {`{"v":1,"type":"message.send","client_msg_id":"1","data":{"text":"` + strings.Repeat("[{\\\"", 40) + `"}}`, &protocol.MessageSend{Text: strings.Repeat("[{\"", 40)}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got, err := protocol.DecodeClient([]byte(c.frame))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFramesThatCantBeDoneSayWhy(t *testing.T) {
	send := func(data string) string {
		return `{"v":1,"type":"message.send","client_msg_id":"c","data":` + data + `}`
	}
	for name, c := range map[string]struct{ frame, code string }{
		"nothing":                      {``, protocol.CodeBadJSON},
		"not JSON":                     {`hello`, protocol.CodeBadJSON},
		"half a frame":                 {`{"v":1,"type":"pi`, protocol.CodeBadJSON},
		"two frames in one":            {`{"v":1,"type":"ping"}{"v":1,"type":"ping"}`, protocol.CodeBadJSON},
		"a list":                       {`[{"v":1,"type":"ping"}]`, protocol.CodeBadJSON},
		"a number":                     {`7`, protocol.CodeBadJSON},
		"null":                         {`null`, protocol.CodeBadJSON},
		"no version":                   {`{"type":"ping"}`, protocol.CodeBadVersion},
		"a later version":              {`{"v":2,"type":"ping"}`, protocol.CodeBadVersion},
		"a version in words":           {`{"v":"1","type":"ping"}`, protocol.CodeBadJSON},
		"an unknown type":              {`{"v":1,"type":"message.sned"}`, protocol.CodeUnknownType},
		"a type of the server":         {`{"v":1,"type":"message.created","data":{}}`, protocol.CodeUnknownType},
		"no type":                      {`{"v":1}`, protocol.CodeUnknownType},
		"no client_msg_id":             {`{"v":1,"type":"message.send","data":{"text":"x"}}`, protocol.CodeBadField},
		"a client_msg_id with a space": {`{"v":1,"type":"message.send","client_msg_id":"a b","data":{"text":"x"}}`, protocol.CodeBadField},
		"a long client_msg_id":         {`{"v":1,"type":"ping","client_msg_id":"` + strings.Repeat("x", 65) + `"}`, protocol.CodeBadField},
		"no text":                      {send(`{}`), protocol.CodeBadField},
		"empty text":                   {send(`{"text":" \n "}`), protocol.CodeBadField},
		"text that is a number":        {send(`{"text":5}`), protocol.CodeBadJSON},
		"data that is a list":          {send(`["x"]`), protocol.CodeBadJSON},
		"long text":                    {send(`{"text":"` + strings.Repeat("很", 4001) + `"}`), shop.CodeTooLarge},
		"a large frame":                {send(`{"text":"` + strings.Repeat("x", 70_000) + `"}`), shop.CodeTooLarge},
		"bytes that are not UTF-8":     {send("{\"text\":\"\xff\"}"), protocol.CodeBadUTF8},
		"deep nesting":                 {`{"v":1,"type":"ping","data":` + strings.Repeat(`[`, 20) + strings.Repeat(`]`, 20) + `}`, protocol.CodeTooDeep},
		"deep nesting without end":     {`{"v":1,"data":` + strings.Repeat(`{"a":`, 5000), protocol.CodeTooDeep},
		"a negative seq":               {`{"v":1,"type":"session.resume","data":{"epoch":"e","seq":-1}}`, protocol.CodeBadField},
		"a seq beyond all numbers":     {`{"v":1,"type":"session.resume","data":{"epoch":"e","seq":1e300}}`, protocol.CodeBadJSON},
		"a seq without an epoch":       {`{"v":1,"type":"session.resume","data":{"seq":1}}`, protocol.CodeBadField},
		"a negative quantity":          {`{"v":1,"type":"cart.set","data":{"sku":"S1","quantity":-1}}`, protocol.CodeBadField},
		"a huge quantity":              {`{"v":1,"type":"cart.set","data":{"sku":"S1","quantity":1000}}`, protocol.CodeBadField},
		"no sku":                       {`{"v":1,"type":"cart.set","data":{"quantity":1}}`, protocol.CodeBadField},
		"a position below one":         {`{"v":1,"type":"card.decline","data":{"sku":"S1","position":-1}}`, protocol.CodeBadField},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := protocol.DecodeClient([]byte(c.frame))
			code, sentence := shop.CodeOf(err)
			if err == nil || code != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if !strings.HasSuffix(sentence, ".") || strings.ContainsAny(sentence, "\n") || len(sentence) > 300 {
				t.Errorf("sentence %q", sentence)
			}
		})
	}
}

func TestAnErrorNamesTheFrameThatItAnswers(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 987654321, time.FixedZone("x", 3600))
	env, _, err := protocol.DecodeClient([]byte(`{"v":1,"type":"message.send","client_msg_id":"c-9","data":{"text":""}}`))
	got := protocol.ErrorEnvelope(err, env, at)
	frame, _ := got.Encode()
	want := `{"v":1,"type":"error","ts":"2026-05-01T11:00:00.987Z","client_msg_id":"c-9","data":{"code":"bad_field","message":"The text is empty. Write what you are looking for.","client_msg_id":"c-9","type":"message.send"}}`
	if string(frame) != want {
		t.Errorf("got  %s\nwant %s", frame, want)
	}
	internal := protocol.ErrorEnvelope(fmt.Errorf("password wrong for user floor"), protocol.Envelope{}, at)
	if strings.Contains(string(internal.Data), "password") {
		t.Error("the cause reaches the customer")
	}
}

// TestNoNULReachesTheDatabase puts a NUL into each text of each frame, which PostgreSQL can't hold: the frame is refused, or
// the text cleaned. events.send is looked at event by event where they are stored.
func TestNoNULReachesTheDatabase(t *testing.T) {
	valid := map[protocol.Type]string{
		protocol.TypeSessionResume:    `{"epoch":"e","seq":1}`,
		protocol.TypeMessageSend:      `{"text":"a","picture":"p","locale":"en","replaces":"m","less_like":"s"}`,
		protocol.TypeTurnStop:         `{"message_id":"m"}`,
		protocol.TypeCartSet:          `{"sku":"s","quantity":1,"ranking_id":"r","position":1}`,
		protocol.TypeCardDecline:      `{"sku":"s","ranking_id":"r","position":1}`,
		protocol.TypeContextSet:       `{"product":"s","page":"p"}`,
		protocol.TypeContactSend:      `{"handoff_id":"h","email":"a@b.example","name":"n","text":"t"}`,
		protocol.TypeSatisfactionSend: `{"handoff_id":"h","score":5,"comment":"c"}`,
	}
	read := func(typ protocol.Type, data []byte) (any, error) {
		_, got, err := protocol.DecodeClient(fmt.Appendf(nil, `{"v":1,"type":%q,"client_msg_id":"c","data":%s}`, typ, data))
		return got, err
	}
	for _, spec := range protocol.Registry() {
		if spec.Direction != protocol.FromClient || spec.Type == protocol.TypeEventsSend {
			continue
		}
		fields := reflect.TypeOf(spec.New()).Elem()
		var whole map[string]any
		if data := valid[spec.Type]; data != "" {
			if _, err := read(spec.Type, []byte(data)); err != nil {
				t.Fatalf("%s with %s: %v", spec.Type, data, err)
			}
			if err := json.Unmarshal([]byte(data), &whole); err != nil {
				t.Fatal(err)
			}
		}
		for i := range fields.NumField() {
			if fields.Field(i).Type.Kind() != reflect.String {
				continue
			}
			name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
			if whole[name] == nil {
				t.Errorf("%s: the test has no value for %s", spec.Type, name)
				continue
			}
			with := maps.Clone(whole)
			with[name] = fmt.Sprint(whole[name], "\x00")
			data, err := json.Marshal(with)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := read(spec.Type, data); err == nil && strings.Contains(fmt.Sprintf("%q", got), `\x00`) {
				t.Errorf("%s: a NUL in %s gets through", spec.Type, name)
			}
		}
	}
}

func TestEveryTypeCanBeReadByTheOtherSide(t *testing.T) {
	seen := map[protocol.Type]bool{}
	for _, spec := range protocol.Registry() {
		if seen[spec.Type] {
			t.Errorf("%s stands twice in the registry", spec.Type)
		}
		seen[spec.Type] = true
		if spec.Direction != protocol.FromServer {
			continue
		}
		env, err := protocol.New(spec.Type, spec.New(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		frame, err := env.Encode()
		if err != nil {
			t.Fatal(err)
		}
		_, data, err := protocol.DecodeServer(frame)
		if err != nil || fmt.Sprintf("%T", data) != fmt.Sprintf("%T", spec.New()) {
			t.Errorf("%s is read as %T, %v", spec.Type, data, err)
		}
	}
	if _, data, err := protocol.DecodeServer([]byte(`{"v":1,"type":"of.tomorrow","seq":9,"data":{}}`)); data != nil || err != nil {
		t.Errorf("a type of a later version: %v, %v", data, err)
	}
}

// FuzzDecodeClient feeds arbitrary bytes: no panic, and either a valid envelope or an error with a code
// of the table.
func FuzzDecodeClient(f *testing.F) {
	for _, seed := range []string{`{"v":1,"type":"message.send","client_msg_id":"c","data":{"text":"x"}}`, `{"v":1,"type":"session.resume","data":{"epoch":"e","seq":7}}`,
		`{"v":1,"type":"cart.set","data":{"sku":"S1","quantity":2}}`, `{`, `[[[[`, "\xff", `{"v":1e9}`, `{"v":1,"type":"ping","data":{"a":"\ud800"}}`} {
		f.Add([]byte(seed))
	}
	codes := map[string]bool{}
	for _, c := range protocol.ErrorCodes() {
		codes[c.Code] = true
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		env, data, err := protocol.DecodeClient(frame)
		if err != nil {
			code, sentence := shop.CodeOf(err)
			if !codes[code] || code == shop.CodeInternal || sentence == "" || !utf8.ValidString(sentence) {
				t.Fatalf("code %q, sentence %q", code, sentence)
			}
			if _, err := protocol.ErrorEnvelope(err, env, time.Unix(0, 0)).Encode(); err != nil {
				t.Fatalf("the error can't be told: %v", err)
			}
			return
		}
		if spec, ok := protocol.Lookup(env.Type); !ok || spec.Direction != protocol.FromClient || env.V != protocol.Version || data == nil {
			t.Fatalf("%+v passed", env)
		}
		if m, ok := data.(*protocol.MessageSend); ok {
			if n := utf8.RuneCountInString(m.Text); n == 0 || n > protocol.MaxText || strings.ContainsRune(m.Text, 0) {
				t.Fatalf("text %q passed", m.Text)
			}
		}
		if _, err := json.Marshal(data); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzDecodeConsole is the same for what consoles send.
func FuzzDecodeConsole(f *testing.F) {
	for _, seed := range []string{`{"v":1,"type":"session.resume","session":"s","data":{"epoch":"e","seq":7}}`, `{"v":1,"type":"session.leave","session":"s"}`,
		`{"v":1,"type":"message.read","session":"s","data":{"seq":3}}`, `{"v":1,"type":"message.send","data":{"text":"x"}}`, `{"session":7}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		env, data, err := protocol.DecodeConsole(frame)
		if err != nil {
			if code, sentence := shop.CodeOf(err); code == shop.CodeInternal || sentence == "" || !utf8.ValidString(sentence) {
				t.Fatalf("code %q, sentence %q", code, sentence)
			}
			return
		}
		if _, ok := protocol.Lookup(env.Type); !ok || env.V != protocol.Version || data == nil {
			t.Fatalf("%+v passed", env)
		}
	})
}

// FuzzDecodeServer is the same for what clients are sent: types of a later version pass without data.
func FuzzDecodeServer(f *testing.F) {
	for _, seed := range []string{`{"v":1,"type":"message.delta","data":{"message_id":"m","offset":3,"text":"x"}}`, `{"v":1,"type":"of.tomorrow","seq":9,"data":{}}`,
		`{"v":1,"type":"session.opened","data":{"cart":{"lines":[{}]}}}`, `{"v":1,"type":"error","data":[]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		env, data, err := protocol.DecodeServer(frame)
		if err != nil {
			return
		}
		if _, known := protocol.Lookup(env.Type); known && data == nil {
			t.Fatalf("%+v passed without its data", env)
		}
		if _, err := env.Encode(); err != nil {
			t.Fatalf("%+v can't be written again: %v", env, err)
		}
	})
}
