package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// widget is the one script that a shop's page includes, and the full page too: the modules and style sheets of
// web/page, and the client of web/client that they talk with, joined once a process.
var widget = sync.OnceValue(func() script {
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{"/page/floorwalker.js"}, Bundle: true, Format: api.FormatIIFE, Target: api.ES2022,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, Charset: api.CharsetUTF8,
		Plugins: []api.Plugin{embedded},
	})
	if len(result.Errors) > 0 || len(result.OutputFiles) != 1 {
		panic(fmt.Sprintf("web: the embedded page can be joined: %v", result.Errors))
	}
	return newScript(result.OutputFiles[0].Contents)
})

// embedded lets esbuild read the embedded files, and nothing else.
var embedded = api.Plugin{Name: "embedded", Setup: func(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		return api.OnResolveResult{Path: path.Join("/", path.Dir(args.Importer), args.Path), Namespace: "embedded"}, nil
	})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "embedded"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		content, err := fs.ReadFile(pageFiles, strings.TrimPrefix(args.Path, "/"))
		if err != nil {
			return api.OnLoadResult{}, err
		}
		text := string(content)
		switch path.Ext(args.Path) {
		case ".ts":
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderTS}, nil
		case ".js":
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		}
		style := api.Transform(text, api.TransformOptions{Loader: api.LoaderCSS, MinifyWhitespace: true, Charset: api.CharsetUTF8})
		if len(style.Errors) > 0 {
			return api.OnLoadResult{}, errors.New(style.Errors[0].Text)
		}
		text = string(style.Code)
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, nil
	})
}}

// script is a script in both forms in which it is sent.
type script struct {
	plain, zipped []byte
	tag           string
}

func newScript(plain []byte) script {
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) //nolint:errcheck // the level is one of its own
	_, _ = w.Write(plain)                                      //nolint:errcheck // it writes memory
	_ = w.Close()
	return script{plain: plain, zipped: zipped.Bytes(), tag: tagOf(plain)}
}

// serveWidget answers with the script. It may be used for five minutes without asking: it is on every page of a shop,
// and runs itself a second time there.
func serveWidget(w http.ResponseWriter, r *http.Request) {
	s := widget()
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	content, tag := s.plain, s.tag
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content, tag = s.zipped, strings.TrimSuffix(s.tag, `"`)+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	http.ServeContent(w, r, "floorwalker.js", time.Time{}, bytes.NewReader(content))
}

// sharedPath is true for what the widget asks for from the pages of other origins.
func sharedPath(p string) bool {
	return p == "/capabilities" || p == "/api/tickets" || p == streamPath || p == framesPath || p == "/api/login" || p == "/api/logout" || p == "/api/sessions" ||
		p == "/api/events" || p == "/api/consent" || p == "/api/look" || p == "/api/pictures" || strings.HasPrefix(p, "/api/pictures/") ||
		strings.HasPrefix(p, "/api/articles/")
}

// share lets the pages of origins on the list read the answer (CORS). It is true for a preflight, which is answered
// with that.
func (s *Server) share(w http.ResponseWriter, r *http.Request) (preflight bool) {
	if strings.HasPrefix(r.URL.Path, "/sites/") { // who is turned away reads why
		w.Header().Add("Vary", "Origin")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		return false
	}
	if !sharedPath(r.URL.Path) {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	if !s.allowedOrigin(r) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
