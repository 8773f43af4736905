package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"floorwalker/docs"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed reference
var referenceFiles embed.FS

// referenceRoutes publish how to speak with the server: a page for people at /docs/api, made of the descriptions of the
// API as they are, and for programs the AsyncAPI document and the JSON Schemas of each version.
func (s *Server) referenceRoutes(mux *router) {
	files, err := fs.Sub(referenceFiles, "reference")
	if err != nil {
		panic("web: the embedded reference has its folder: " + err.Error())
	}
	mux.Handle("GET /docs/reference.css", asset(files, "reference.css"))
	page := sync.OnceValue(s.reference)
	mux.HandleFunc("GET /docs/api", func(w http.ResponseWriter, r *http.Request) {
		content := page()
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("ETag", tagOf(content))
		h.Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
	mux.Handle("GET /docs/asyncapi.json", asset(docs.Published, "asyncapi.json"))
	schemas := func(w http.ResponseWriter, r *http.Request) {
		name := "schema/" + r.PathValue("version") + "/" + r.PathValue("name")
		if !fs.ValidPath(name) || !strings.HasSuffix(name, ".json") {
			http.NotFound(w, r)
			return
		}
		if _, err := fs.Stat(docs.Published, name); err != nil {
			http.NotFound(w, r)
			return
		}
		asset(docs.Published, name).ServeHTTP(w, r)
	}
	mux.HandleFunc("GET /docs/schema/{version}/{name}", schemas)
}

// reference draws the page. All text is escaped by the template.
func (s *Server) reference() []byte {
	var page bytes.Buffer
	t := template.Must(template.ParseFS(referenceFiles, "reference/api.html"))
	parts := []referencePart{partOf("For clients and the shop", "api", s.api)}
	if s.deskAPI != nil {
		parts = append(parts, partOf("For the agents' console", "console", s.deskAPI))
	}
	if err := t.Execute(&page, parts); err != nil {
		panic("web: the reference can be drawn: " + err.Error())
	}
	return page.Bytes()
}

// referencePart is one description of the API on the page.
type referencePart struct {
	Title, Says, Prefix string
	Operations          []referenceOperation
	Schemas             []referenceObject
}

type referenceOperation struct {
	ID, Method, Path, Summary, Says, By string
	Parameters                          []referenceField
	Bodies                              []referenceBody
}

// referenceBody is what is sent, or what comes back with a status.
type referenceBody struct {
	Name, Says string
	Is         referenceType
	Fields     []referenceField
}

type referenceObject struct {
	Name, Says string
	Fields     []referenceField
}

type referenceField struct {
	Name, Says string
	Always     bool
	Is         referenceType
}

// referenceType says what a value is; Object is the name of the object that it links to, "" where there is none.
type referenceType struct{ Before, Object, After string }

// partOf reads one description; prefix keeps its anchors apart from others.
func partOf(title, prefix string, o *huma.OpenAPI) referencePart {
	p := referencePart{Title: title, Says: o.Info.Description, Prefix: prefix}
	for _, path := range slices.Sorted(maps.Keys(o.Paths)) {
		for _, at := range methods(o.Paths[path]) {
			p.Operations = append(p.Operations, operationOf(path, at.method, at.op))
		}
	}
	for name, schema := range o.Components.Schemas.Map() {
		p.Schemas = append(p.Schemas, referenceObject{Name: name, Says: schema.Description, Fields: fieldsOf(schema)})
	}
	slices.SortFunc(p.Schemas, func(a, b referenceObject) int { return cmp.Compare(a.Name, b.Name) })
	return p
}

type methodOperation struct {
	method string
	op     *huma.Operation
}

// methods lists the operations of a path.
func methods(p *huma.PathItem) (all []methodOperation) {
	for _, m := range []methodOperation{{"GET", p.Get}, {"POST", p.Post}, {"PUT", p.Put}, {"PATCH", p.Patch}, {"DELETE", p.Delete}} {
		if m.op != nil {
			all = append(all, m)
		}
	}
	return all
}

func operationOf(path, method string, op *huma.Operation) referenceOperation {
	o := referenceOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Says: op.Description}
	var by []string
	for _, requirement := range op.Security {
		by = append(by, slices.Sorted(maps.Keys(requirement))...)
	}
	o.By = strings.Join(by, " or ")
	for _, p := range op.Parameters {
		says := p.Description
		if says == "" && p.Schema != nil {
			says = p.Schema.Description
		}
		o.Parameters = append(o.Parameters, referenceField{Name: p.Name + " (" + p.In + ")", Says: says, Always: p.Required, Is: typeOf(p.Schema)})
	}
	if op.RequestBody != nil {
		o.Bodies = append(o.Bodies, bodyOf("Sent", op.RequestBody.Description, op.RequestBody.Content))
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		name := status
		if status == "default" {
			name = "Refused"
		}
		o.Bodies = append(o.Bodies, bodyOf(name, r.Description, r.Content))
	}
	return o
}

func bodyOf(name, says string, content map[string]*huma.MediaType) referenceBody {
	b := referenceBody{Name: name, Says: says}
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		if kind != "application/json" {
			b.Says = strings.TrimSpace(b.Says + " (" + kind + ")")
		}
		if schema := content[kind].Schema; schema != nil {
			b.Is, b.Fields = typeOf(schema), fieldsOf(schema)
		}
	}
	return b
}

func fieldsOf(s *huma.Schema) (fields []referenceField) {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if name == "$schema" {
			continue
		}
		field := s.Properties[name]
		fields = append(fields, referenceField{Name: name, Says: field.Description, Always: slices.Contains(s.Required, name), Is: typeOf(field)})
	}
	return fields
}

// typeOf says what a schema asks for, within one line.
func typeOf(s *huma.Schema) referenceType {
	switch {
	case s == nil:
		return referenceType{}
	case s.Ref != "":
		return referenceType{Object: s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]}
	case s.Items != nil:
		inner := typeOf(s.Items)
		inner.Before = "list of " + inner.Before
		inner.After += limits(" items", s.MinItems, s.MaxItems)
		return inner
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, w := range s.Enum {
			words[i] = fmt.Sprint(w)
		}
		return referenceType{Before: strings.Join(words, ", ")}
	}
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		inner := typeOf(values)
		inner.Before = "object of " + inner.Before
		return inner
	}
	text := s.Type
	if s.Format != "" {
		text += " (" + s.Format + ")"
	}
	text += limits(" characters", s.MinLength, s.MaxLength)
	if s.Minimum != nil {
		text += fmt.Sprintf(", at least %v", *s.Minimum)
	}
	if s.Maximum != nil {
		text += fmt.Sprintf(", at most %v", *s.Maximum)
	}
	return referenceType{Before: text}
}

func limits(unit string, least, most *int) (text string) {
	if least != nil {
		text += fmt.Sprintf(", at least %d%s", *least, unit)
	}
	if most != nil {
		text += fmt.Sprintf(", at most %d%s", *most, unit)
	}
	return text
}
