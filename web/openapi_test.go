package web_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"floorwalker/agent"
	"floorwalker/behaviour"
	"floorwalker/desk"
	"floorwalker/experiments"
	"floorwalker/forecast"
	"floorwalker/pricing"
	"floorwalker/web"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
)

// go test ./web -run OpenAPI -update
var update = flag.Bool("update", false, "write the descriptions of the HTTP API")

// whole is a server with every part that has routes; none of them is called.
func whole() *web.Server {
	return web.New(web.Parts{Desk: desk.New(nil, desk.Options{}), Behaviour: behaviour.NewLog(nil, behaviour.Options{}),
		Forecasts: forecast.New(nil, forecast.Options{}), Prices: pricing.New(nil, pricing.Options{}), Operator: &web.Operator{Experiments: experiments.New(nil, experiments.Options{})},
		Suggestions: agent.New(agent.Parts{}, agent.Config{})}, web.Config{})
}

// TestOpenAPIIsUpToDate holds the files against the code; web/client's tests hold them against OpenAPI's own schema.
func TestOpenAPIIsUpToDate(t *testing.T) {
	public, console := whole().OpenAPI()
	for file, description := range map[string]*huma.OpenAPI{"../docs/openapi.json": public, "../docs/openapi-console.json": console} {
		raw, err := json.Marshal(description)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Indent(&want, raw, "", "  "); err != nil {
			t.Fatal(err)
		}
		want.WriteByte('\n')
		if *update {
			if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(got)); diff != "" {
			t.Errorf("%s is old; run go test ./web -run OpenAPI -update (-want +got):\n%s", file, diff)
		}
	}
}

// described are the operations of a description, as patterns.
func described(o *huma.OpenAPI) (all []string) {
	for path, item := range o.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				all = append(all, method+" "+path)
			}
		}
	}
	return all
}

func TestEveryRouteIsInTheOpenAPIAndNoOther(t *testing.T) {
	server := whole()
	public, console := server.OpenAPI()
	all := append(described(public), described(console)...)
	// Pages and what they are made of are for browsers, descriptions describe themselves, and /console/api/ is where
	// the console's own routes are mounted.
	pages := regexp.MustCompile(`^(GET (/\{\$\}|/chat|/static/.*|/floorwalker\.js|/console|/console/\{\$\}|/console/static/.*|/admin|/console/admin|/console/admin/static/.*|/docs/.*|(/console/api)?/openapi(-3\.0)?\.(json|yaml))|/console/api/)$`)
	for _, route := range server.Routes() {
		if !slices.Contains(all, route) && !pages.MatchString(route) {
			t.Errorf("%s is not described", route)
		}
	}
	for _, route := range all {
		if !slices.Contains(server.Routes(), route) {
			t.Errorf("%s is described and not there", route)
		}
	}
	if len(all) < 30 {
		t.Errorf("only %d routes are described", len(all))
	}
}

func TestTheReferenceShowsEveryOperationUnderAStrictPolicy(t *testing.T) {
	server := whole()
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
		return w
	}
	w := get("/docs/api")
	page := w.Body.String()
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self'") {
		t.Errorf("the policy is %q", policy)
	}
	if found := regexp.MustCompile(`(?i)<script|<style| style=| on\w+=|(src|href)="(https?:)?//`).FindString(page); found != "" {
		t.Errorf("the page holds %q", found)
	}
	public, console := server.OpenAPI()
	for prefix, o := range map[string]*huma.OpenAPI{"api": public, "console": console} {
		for path, item := range o.Paths {
			for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
				if op != nil && !strings.Contains(page, `<article id="`+prefix+"-"+op.OperationID+`">`) {
					t.Errorf("%s %s is not on the page", op.OperationID, path)
				}
			}
		}
	}
	anchors := map[string]bool{}
	for _, found := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if anchors[found[1]] {
			t.Errorf("%s stands twice on the page", found[1])
		}
		anchors[found[1]] = true
	}
	for _, found := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !anchors[found[1]] {
			t.Errorf("a link leads to %s, which is not there", found[1])
		}
	}
	get("/docs/reference.css")
	for _, path := range []string{"/docs/asyncapi.json", "/docs/schema/v1/message.created.json", "/docs/schema/v1/webhook.message.created.json", "/openapi.json"} {
		if !json.Valid(get(path).Body.Bytes()) {
			t.Errorf("%s is no JSON", path)
		}
	}
	for _, path := range []string{"/docs/schema/v1/none.json", "/docs/schema/v9/message.created.json", "/docs/schema/v1/..%2f..%2fdocs.go", "/docs/schema/v1/message.created"} {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
