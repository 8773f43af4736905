package protocol_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"floorwalker/protocol"

	"github.com/invopop/jsonschema"
)

// typeScript writes the schemas as the types of the TypeScript client.
func typeScript(r *jsonschema.Reflector) []byte {
	var b strings.Builder
	b.WriteString("// Generated from the Go types by `go test ./protocol -run Generated -update`: change those.\n\n")
	fmt.Fprintf(&b, "export const version = %d;\n", protocol.Version)
	all := schemasByName(r)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		writeInterface(&b, name, all[name])
	}
	writeEvents(&b, "ClientFrames", "What a customer's client sends, by type.", protocol.FromClient)
	writeEvents(&b, "ServerEvents", "What the server sends a customer's client, by type.", protocol.FromServer)
	b.WriteString("\n// CloseAdvice is what to do about a close code; waits are in milliseconds.\n")
	b.WriteString("export interface CloseAdvice { reconnect: boolean; newTicket: boolean; minWait: number; maxWait: number }\n")
	b.WriteString("\nexport const closeCodes: readonly (CloseAdvice & { code: number; name: string })[] = [\n")
	for _, c := range protocol.CloseCodes() {
		fmt.Fprintf(&b, "  { code: %d, name: %q, %s },\n", c.Code, c.Name, advice(c))
	}
	b.WriteString("];\n\n// closeRanges are for the codes from `from` up to but not `to` that stand above not.\n")
	b.WriteString("export const closeRanges: readonly (CloseAdvice & { from: number; to: number })[] = [\n")
	for _, c := range protocol.CloseRanges() {
		fmt.Fprintf(&b, "  { from: %d, to: %d, %s },\n", c.From, c.To, advice(c.CloseCode))
	}
	b.WriteString("];\n\n// retryable are the codes of errors that the same frame, sent again later, may not meet.\n")
	var again []string
	for _, c := range protocol.ErrorCodes() {
		if c.Again {
			again = append(again, fmt.Sprintf("%q", c.Code))
		}
	}
	fmt.Fprintf(&b, "export const retryable: readonly string[] = [%s];\n", strings.Join(again, ", "))
	return []byte(b.String())
}

func advice(c protocol.CloseCode) string {
	return fmt.Sprintf("reconnect: %t, newTicket: %t, minWait: %d, maxWait: %d", c.Reconnect, c.NewTicket, c.MinWait.Milliseconds(), c.MaxWait.Milliseconds())
}

// schemasByName are the envelope, the data of every type and the objects within, by the names of their Go types.
// An error frame's data is ErrorBody: Error is a name of JavaScript's own.
func schemasByName(r *jsonschema.Reflector) map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	add := func(name string, s *jsonschema.Schema) {
		for inner, definition := range s.Definitions {
			all[nameOf(inner)] = definition
		}
		s.Definitions, s.Version = nil, ""
		all[nameOf(name)] = s
	}
	add("Envelope", r.Reflect(&protocol.Envelope{}))
	for _, spec := range protocol.Registry() {
		add(dataName(spec), r.Reflect(spec.New()))
	}
	return all
}

// dataName is the name of the Go type of a type's data.
func dataName(spec protocol.Spec) string { return nameOf(reflect.TypeOf(spec.New()).Elem().Name()) }

func nameOf(goName string) string {
	if goName == "Error" {
		return "ErrorBody"
	}
	return goName
}

func writeInterface(b *strings.Builder, name string, s *jsonschema.Schema) {
	fmt.Fprintf(b, "\n%sexport interface %s {\n", comment(s.Description, ""), name)
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		optional := "?"
		if slices.Contains(s.Required, pair.Key) {
			optional = ""
		}
		fmt.Fprintf(b, "%s  %s%s: %s;\n", comment(pair.Value.Description, "  "), pair.Key, optional, tsType(pair.Value))
	}
	b.WriteString("}\n")
}

func comment(text, indent string) string {
	if text == "" {
		return ""
	}
	return indent + "// " + text + "\n"
}

func writeEvents(b *strings.Builder, name, says string, from protocol.Direction) {
	fmt.Fprintf(b, "\n// %s\nexport interface %s {\n", says, name)
	for _, spec := range protocol.Registry() {
		if spec.Direction == from {
			fmt.Fprintf(b, "  // %s\n  %q: %s;\n", spec.Says, string(spec.Type), dataName(spec))
		}
	}
	b.WriteString("}\n")
}

// tsType is a schema as a type of TypeScript; what a schema does not say is unknown.
func tsType(s *jsonschema.Schema) string {
	switch {
	case s.Ref != "":
		return nameOf(strings.TrimPrefix(s.Ref, "#/$defs/"))
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, w := range s.Enum {
			raw, _ := json.Marshal(w) //nolint:errcheck // words are strings
			words[i] = string(raw)
		}
		return strings.Join(words, " | ")
	case s.Type == "array" && s.Items != nil:
		if inner := tsType(s.Items); strings.Contains(inner, "|") {
			return "(" + inner + ")[]"
		}
		return tsType(s.Items) + "[]"
	case s.Type == "object" && s.AdditionalProperties != nil && s.AdditionalProperties.Type != "":
		return "Record<string, " + tsType(s.AdditionalProperties) + ">"
	case s.Type == "integer", s.Type == "number":
		return "number"
	case s.Type == "string", s.Type == "boolean":
		return s.Type
	}
	return "unknown"
}
