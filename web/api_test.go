package web_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/onnx/onnxtest"
	"floorwalker/retrieval"
	"floorwalker/shop"
	"floorwalker/web"
)

func newRequest(url, token string) (string, error) {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return string(raw), err
}

// stocked is a counter with the real catalogue behind its products API.
func stocked(t *testing.T) *counter {
	embedder := onnxtest.Embedder(t, "all-minilm-l6-v2")
	return open(t, setup{parts: func(p *web.Parts) { p.Catalogue = retrieval.NewStore(p.Pool, embedder, retrieval.Options{}) }})
}

const lampJSON = `{"title":"Desk lamp Aurora","brand":"Lumen","category":"Lighting","description":"A dimmable desk lamp.","price_minor":4999,
	"currency":"USD","stock":7,"rating":4.5,"attributes":{"colour":"black","watts":9.5,"dimmable":true,"rooms":["office","study"]},
	"titles":{"zh":"极光台灯"},"released_at":"2026-02-03"}`

func TestProductsAreKeptByHTTP(t *testing.T) {
	c := stocked(t)
	admin := map[string]string{"Authorization": "Bearer " + adminToken}
	var stored shop.Product
	if r := c.call("PUT", "/api/products/lamp%2F1", lampJSON, admin, &stored); r.StatusCode != 200 || stored.SKU != "lamp/1" || stored.Version == 0 {
		t.Fatalf("put: %s %+v", r.Status, stored)
	}
	if got := stored.Attributes; got["watts"] != "9.5" || got["dimmable"] != "yes" || got["rooms"] != "office, study" {
		t.Errorf("attributes %v", got)
	}
	// A search sees it at once.
	var found struct{ Products []struct{ SKU, Title string } }
	if c.call("GET", "/api/catalogue?title=desk+lamp+aurora", "", nil, &found); len(found.Products) != 1 || found.Products[0].SKU != "lamp/1" {
		t.Errorf("found %+v", found)
	}
	if c.call("GET", "/api/catalogue?title=%E6%9E%81%E5%85%89%E5%8F%B0%E7%81%AF", "", nil, &found); len(found.Products) != 1 {
		t.Errorf("by its Chinese title: %+v", found)
	}
	if c.call("GET", "/api/catalogue?title=Desk+lamp+Borealis", "", nil, &found); len(found.Products) != 0 {
		t.Errorf("found what is not there: %+v", found)
	}
	cheaper := strings.Replace(lampJSON, "4999", "3999", 1)
	var changed shop.Product
	if c.call("PUT", "/api/products/lamp%2F1", cheaper, admin, &changed); changed.Price.Minor != 3999 || changed.Version <= stored.Version {
		t.Errorf("changed to %+v", changed)
	}
	var read shop.Product
	if r := c.call("GET", "/api/products/lamp%2F1", "", admin, &read); r.StatusCode != 200 || read.Price.Minor != 3999 || read.ReleasedAt.IsZero() {
		t.Errorf("read %s %+v", r.Status, read)
	}
	if r := c.call("DELETE", "/api/products/lamp%2F1", "", admin, nil); r.StatusCode != 204 {
		t.Errorf("delete: %s", r.Status)
	}
	var e struct{ Code, Message string }
	if r := c.call("GET", "/api/products/lamp%2F1", "", admin, &e); r.StatusCode != 404 || e.Code != "not_found" {
		t.Errorf("after the deletion: %s %+v", r.Status, e)
	}
	if r := c.call("DELETE", "/api/products/lamp%2F1", "", admin, &e); r.StatusCode != 404 || e.Code != "not_found" {
		t.Errorf("deleted twice: %s %+v", r.Status, e)
	}
}

func TestProductsNeedTheAdminToken(t *testing.T) {
	c := open(t, setup{})
	for _, method := range []string{"PUT", "GET", "DELETE"} {
		for _, authorization := range []string{"", "Bearer ", "Bearer wrong", adminToken, "Basic " + adminToken} {
			var e struct{ Code, Message string }
			r := c.call(method, "/api/products/x", lampJSON, map[string]string{"Authorization": authorization}, &e)
			if r.StatusCode != 401 || e.Code != "forbidden" {
				t.Errorf("%s with %q: %s %+v", method, authorization, r.Status, e)
			}
		}
	}
	if r := c.call("GET", "/metrics", "", nil, nil); r.StatusCode != 401 {
		t.Errorf("metrics without the token: %s", r.Status)
	}
}

func TestBadProductsAreRefusedWithACodeAndASentence(t *testing.T) {
	c := open(t, setup{})
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"no JSON":                    {`{"title":`, 400},
		"no title":                   {`{"price_minor":1,"currency":"USD","stock":1}`, 422},
		"a negative price":           {`{"title":"a","price_minor":-1,"currency":"USD","stock":1}`, 422},
		"a price of text":            {`{"title":"a","price_minor":"1","currency":"USD","stock":1}`, 422},
		"a currency that is none":    {`{"title":"a","price_minor":1,"currency":"dollars","stock":1}`, 422},
		"a negative stock":           {`{"title":"a","price_minor":1,"currency":"USD","stock":-1}`, 422},
		"a rating of six":            {`{"title":"a","price_minor":1,"currency":"USD","stock":1,"rating":6}`, 422},
		"a field that is not":        {`{"title":"a","price_minor":1,"currency":"USD","stock":1,"prise":2}`, 422},
		"another sku":                {`{"sku":"y","title":"a","price_minor":1,"currency":"USD","stock":1}`, 400},
		"a date that is none":        {`{"title":"a","price_minor":1,"currency":"USD","stock":1,"released_at":"soon"}`, 400},
		"an attribute of objects":    {`{"title":"a","price_minor":1,"currency":"USD","stock":1,"attributes":{"a":{"b":1}}}`, 400},
		"broken encoding":            {"{\"title\":\"caf\xe9\",\"price_minor\":1,\"currency\":\"USD\",\"stock\":1}", 400},
		"more than can be a product": {`{"title":"` + strings.Repeat("a", 2<<20) + `","price_minor":1,"currency":"USD","stock":1}`, 413},
	} {
		t.Run(name, func(t *testing.T) {
			var e struct{ Code, Message string }
			r := c.call("PUT", "/api/products/x", test.body, map[string]string{"Authorization": "Bearer " + adminToken}, &e)
			if r.StatusCode != test.status || e.Code == "" || !strings.HasSuffix(e.Message, ".") {
				t.Errorf("got %s %+v, want %d", r.Status, e, test.status)
			}
		})
	}
	var products int
	if err := c.pool.QueryRow(t.Context(), `SELECT count(*) FROM products`).Scan(&products); err != nil || products != 0 {
		t.Errorf("%d products were stored, %v", products, err)
	}
}

func TestStatusAndCapabilities(t *testing.T) {
	up := true
	c := open(t, setup{config: web.Config{Version: "v7"}, parts: func(p *web.Parts) {
		status := p.Status
		p.Status = func(ctx context.Context) web.Readiness {
			r := status(ctx)
			r.Ready = up
			return r
		}
	}})
	var ready web.Readiness
	if r := c.call("GET", "/readyz", "", nil, &ready); r.StatusCode != 200 || !ready.Ready || ready.Components["llm"].State != "building" {
		t.Errorf("%s %+v", r.Status, ready)
	}
	up = false
	if r := c.call("GET", "/readyz", "", nil, &ready); r.StatusCode != 503 || ready.Ready {
		t.Errorf("not ready: %s %+v", r.Status, ready)
	}
	if r := c.call("GET", "/healthz", "", nil, nil); r.StatusCode != 200 {
		t.Errorf("health: %s", r.Status)
	}
	var can struct {
		Version    string
		Protocol   int
		Languages  []string
		Catalogues []string
		LLM        web.Component
		Limits     map[string]int
	}
	c.call("GET", "/capabilities", "", nil, &can)
	if can.Version != "v7" || can.Protocol != 1 || len(can.Languages) != 2 || can.Catalogues == nil || can.LLM.State != "building" || can.Limits["frame_bytes"] != 65536 {
		t.Errorf("%+v", can)
	}
	var api struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}
	c.call("GET", "/openapi.json", "", nil, &api)
	if !strings.HasPrefix(api.OpenAPI, "3.1") || api.Paths["/api/products/{sku}"]["put"] == nil || api.Paths["/api/tickets"]["post"] == nil {
		t.Errorf("OpenAPI %s with %d paths", api.OpenAPI, len(api.Paths))
	}
	if text := c.metrics(); !strings.Contains(text, "floorwalker_sockets 0") {
		t.Errorf("metrics: %.300s", text)
	}
}

// library is a shelf of one article.
type library struct{}

func (library) Article(_ context.Context, slug string) (shop.Article, error) {
	if slug != "boats" {
		return shop.Article{}, shop.Errorf(shop.CodeNotFound, "There is no article of this name.")
	}
	return shop.Article{Slug: slug, Topic: "shipping", Titles: map[string]string{"en": "Boats", "zh": "船"}, Bodies: map[string]string{"en": "Six weeks.", "zh": "六周。"}}, nil
}

func TestCitedArticlesAreRead(t *testing.T) {
	c := open(t, setup{parts: func(p *web.Parts) { p.Articles = library{} }})
	var a struct{ Title, Text, Lang, Code string }
	if c.call("GET", "/api/articles/boats?lang=zh", "", nil, &a); a.Title != "船" || a.Text != "六周。" || a.Lang != "zh" {
		t.Errorf("in Chinese: %+v", a)
	}
	if c.call("GET", "/api/articles/boats", "", nil, &a); a.Title != "Boats" || a.Lang != "en" {
		t.Errorf("in English: %+v", a)
	}
	for _, path := range []string{"/api/articles/balloons", "/api/articles/boats?lang=fr"} {
		if r := c.call("GET", path, "", nil, &a); r.StatusCode < 400 || a.Code == "" {
			t.Errorf("%s: %s %+v", path, r.Status, a)
		}
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	c := open(t, setup{config: web.Config{HSTS: "max-age=31536000", ImageHosts: []string{"https://Pictures.example/", "https://evil.example;sandbox"}}})
	for _, path := range []string{"/", "/chat", "/floorwalker.js", "/static/log.js", "/capabilities", "/api/products/x", "/none"} {
		r := c.call("GET", path, "", nil, nil)
		policy := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "img-src 'self' data: https://pictures.example;"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "sandbox") || r.Header.Get("X-Content-Type-Options") != "nosniff" ||
			r.Header.Get("Referrer-Policy") != "no-referrer" || r.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: headers %v", path, r.Header)
		}
	}
}

func TestPagesHoldNothingThatThePolicyForbids(t *testing.T) {
	for _, folder := range []string{"page", "console"} {
		page, err := os.ReadFile(filepath.Join(folder, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		for _, forbidden := range []string{"<style", "style=", "onclick", "onload", "javascript:", "http://", "https://"} {
			if strings.Contains(string(page), forbidden) {
				t.Errorf("the page of %s holds %q", folder, forbidden)
			}
		}
		scripts, err := filepath.Glob(filepath.Join(folder, "*.js"))
		if err != nil || len(scripts) == 0 {
			t.Fatalf("no scripts: %v", err)
		}
		for _, path := range scripts {
			code, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"} {
				if strings.Contains(string(code), forbidden) {
					t.Errorf("%s uses %s", path, forbidden)
				}
			}
		}
	}
}

func TestPicturesArePlaceholdersWhereThereAreNone(t *testing.T) {
	pictures := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/images/known" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = io.WriteString(w, "<svg>known</svg>") //nolint:errcheck // the test reads it
	})
	c := open(t, setup{parts: func(p *web.Parts) { p.Images = pictures }})
	get := func(path string) (answer, string) {
		r, err := http.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer{r.Status, r.StatusCode, r.Header}, string(raw)
	}
	if r, body := get("/images/known"); r.StatusCode != 200 || body != "<svg>known</svg>" || !strings.Contains(r.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("known: %s %q", r.Status, body)
	}
	r, one := get("/images/some%2F%3Cscript%3E")
	_, other := get("/images/other")
	if r.StatusCode != 200 || r.Header.Get("Content-Type") != "image/svg+xml" || strings.Contains(one, "script") || one == other {
		t.Errorf("unknown: %s %s %q", r.Status, r.Header.Get("Content-Type"), one)
	}
}
