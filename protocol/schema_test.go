package protocol_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

// go test ./protocol -run Generated -update
var update = flag.Bool("update", false, "write what is generated from the Go types")

const (
	schemaDir  = "docs/schema/v1"
	document   = "docs/protocol.md"
	asyncapi   = "docs/asyncapi.json"
	typescript = "web/client/src/protocol.ts"
)

// enums are the closed lists of words, which Go's string types do not show.
var enums = map[reflect.Type][]any{
	reflect.TypeFor[protocol.Owner]():     {"assistant", "queued", "agent", "resolved"},
	reflect.TypeFor[protocol.Role]():      {"customer", "assistant", "agent"},
	reflect.TypeFor[protocol.State]():     {"pending", "streaming", "complete", "interrupted", "failed"},
	reflect.TypeFor[shop.Intent]():        intents(),
	reflect.TypeFor[shop.Sort]():          {"", "price_asc", "price_desc", "rating", "newest"},
	reflect.TypeFor[json.RawMessage]():    nil,
	reflect.TypeFor[protocol.Direction](): nil,
}

func intents() (all []any) {
	for _, i := range shop.Intents() {
		all = append(all, string(i))
	}
	return all
}

// reflector reads the Go types and their comments; the working directory must be the module's root.
func reflector(t *testing.T) *jsonschema.Reflector {
	t.Helper()
	r := &jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true, ExpandedStruct: true,
		Mapper: func(typ reflect.Type) *jsonschema.Schema {
			if words := enums[typ]; words != nil {
				return &jsonschema.Schema{Type: "string", Enum: words}
			}
			return nil
		}}
	for _, dir := range []string{"./protocol", "./shop"} {
		if err := r.AddGoComments("floorwalker", dir); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range r.CommentMap {
		r.CommentMap[name] = strings.Join(strings.Fields(text), " ")
	}
	return r
}

// schemaOf is the schema of a whole frame of the type.
func schemaOf(r *jsonschema.Reflector, spec protocol.Spec) *jsonschema.Schema {
	data := r.Reflect(spec.New())
	frame := r.Reflect(&protocol.Envelope{})
	frame.Title, frame.Description = string(spec.Type), spec.Says
	frame.Definitions, data.Definitions = data.Definitions, nil
	frame.ID = jsonschema.ID("urn:floorwalker:v1:" + string(spec.Type))
	data.Version = ""
	set := func(name string, change func(s *jsonschema.Schema)) {
		s, _ := frame.Properties.Get(name)
		change(s)
	}
	set("v", func(s *jsonschema.Schema) { s.Const, s.Minimum = protocol.Version, "" })
	set("type", func(s *jsonschema.Schema) { s.Const, s.Enum = string(spec.Type), nil })
	frame.Properties.Set("data", data)
	frame.Required = []string{"v", "type"}
	if spec.Logged {
		frame.Required = append(frame.Required, "id", "session", "seq", "epoch", "ts")
	}
	if spec.NeedsClientMsgID {
		frame.Required = append(frame.Required, "client_msg_id")
	}
	if len(data.Required) > 0 {
		frame.Required = append(frame.Required, "data")
	}
	return frame
}

func pretty(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGeneratedFilesAreUpToDate compares the schemas and the document's tables with the Go types.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Chdir("..")
	r := reflector(t)
	want := map[string][]byte{}
	for _, spec := range protocol.Registry() {
		want[string(spec.Type)+".json"] = pretty(t, schemaOf(r, spec))
	}
	handoff := r.Reflect(&protocol.HandoffEvent{})
	handoff.ID, handoff.Title = "urn:floorwalker:v1:nats:handoff", "floorwalker.handoff.*"
	want["nats.handoff.json"] = pretty(t, handoff)
	pushed := r.Reflect(&protocol.WebhookEvent{})
	pushed.ID, pushed.Title = "urn:floorwalker:v1:webhook:message.created", "message.created, posted"
	want["webhook.message.created.json"] = pretty(t, pushed)
	if *update {
		if err := os.RemoveAll(schemaDir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(schemaDir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, schema := range want {
		generated(t, filepath.Join(schemaDir, name), schema)
	}
	generated(t, asyncapi, pretty(t, asyncAPI(t, r)))
	generated(t, typescript, typeScript(r))
	found, err := filepath.Glob(schemaDir + "/*.json")
	if err != nil || len(found) != len(want) {
		t.Errorf("%d schema files for %d types, %v", len(found), len(want), err)
	}
	for name, text := range map[string]string{"types": typeTable() + fields(r), "errors": errorTable(), "closes": closeTable()} {
		section(t, name, text)
	}
}

// generated compares a file with what it should hold.
func generated(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("run go test ./protocol -run Generated -update: %v", err)
		return
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is old; run go test ./protocol -run Generated -update (-want +got):\n%s", file, diff)
	}
}

// section compares the part of the document between the markers of the name with text.
func section(t *testing.T, name, text string) {
	t.Helper()
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- generated: "+name+" -->\n", "<!-- end: "+name+" -->"
	head, rest, ok1 := strings.Cut(string(raw), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no section %s", document, name)
	}
	if *update {
		if err := os.WriteFile(document, []byte(head+begin+text+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, old); diff != "" {
		t.Errorf("section %s of %s is old; run go test ./protocol -run Generated -update (-want +got):\n%s", name, document, diff)
	}
}

func typeTable() string {
	var b strings.Builder
	b.WriteString("| type | from | logged | what it is for |\n|---|---|---|---|\n")
	for _, s := range protocol.Registry() {
		logged := ""
		if s.Logged {
			logged = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Type, s.Direction, logged, s.Says)
	}
	return b.String()
}

func errorTable() string {
	var b strings.Builder
	b.WriteString("| code | what happened | what to do | the same again? |\n|---|---|---|---|\n")
	for _, c := range protocol.ErrorCodes() {
		again := ""
		if c.Again {
			again = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Code, c.Means, c.Do, again)
	}
	return b.String()
}

func closeTable() string {
	var b strings.Builder
	b.WriteString("| code | name | come back? | wait | what happened |\n|---|---|---|---|---|\n")
	for _, c := range protocol.CloseCodes() {
		back, wait := "no", ""
		if c.Reconnect {
			back, wait = "yes", fmt.Sprintf("%v to %v", c.MinWait, c.MaxWait)
		}
		if c.NewTicket {
			back = "with a new ticket"
		}
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s |\n", c.Code, c.Name, back, wait, c.Means)
	}
	return b.String()
}

// fields lists the fields of every type, then the objects that several of them hold.
func fields(r *jsonschema.Reflector) string {
	var b strings.Builder
	shared := map[string]*jsonschema.Schema{}
	for _, spec := range protocol.Registry() {
		data := r.Reflect(spec.New())
		maps.Copy(shared, data.Definitions)
		fmt.Fprintf(&b, "\n### `%s`\n", spec.Type)
		if spec.NeedsClientMsgID && spec.Direction == protocol.FromClient {
			b.WriteString("Needs a `client_msg_id` in the envelope.\n")
		}
		if data.Properties.Len() == 0 {
			b.WriteString("No data.\n")
			continue
		}
		table(&b, data)
	}
	b.WriteString("\n### Objects within\n")
	for _, name := range slices.Sorted(maps.Keys(shared)) {
		fmt.Fprintf(&b, "\n**%s**: %s\n\n", name, shared[name].Description)
		table(&b, shared[name])
	}
	return b.String()
}

func table(b *strings.Builder, s *jsonschema.Schema) {
	b.WriteString("\n| field | is | always | meaning |\n|---|---|---|---|\n")
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		always := ""
		if slices.Contains(s.Required, pair.Key) {
			always = "yes"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", pair.Key, kind(pair.Value), always, strings.ReplaceAll(pair.Value.Description, "|", "\\|"))
	}
}

func kind(s *jsonschema.Schema) string {
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/$defs/")
	case s.Type == "array" && s.Items != nil:
		return "list of " + kind(s.Items)
	case len(s.Enum) > 0 && len(s.Enum) < 8:
		words := make([]string, len(s.Enum))
		for i, w := range s.Enum {
			words[i] = fmt.Sprintf("`%q`", w)
		}
		return strings.Join(words, ", ")
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	case s.Type == "":
		return "any"
	}
	return s.Type
}
