package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed page console admin client/src
var pageFiles embed.FS

// pageRoutes serve the customer's page, the widget's script, and the modules that the console shares, from the binary.
func (s *Server) pageRoutes(mux *router) {
	servePage(mux, "page", "/static/", "/{$}", "/chat")
	mux.HandleFunc("GET /floorwalker.js", serveWidget)
}

// servePage serves the embedded page of the folder at the paths, and what it is made of under static.
func servePage(mux *router, folder, static string, paths ...string) {
	files, err := fs.Sub(pageFiles, folder)
	if err != nil {
		panic("web: the embedded page has its folder: " + err.Error())
	}
	page := asset(files, "index.html")
	for _, path := range paths {
		mux.Handle("GET "+path, page)
	}
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error { //nolint:errcheck // it walks memory
		if err == nil && !d.IsDir() && name != "index.html" {
			mux.Handle("GET "+static+name, asset(files, name))
		}
		return nil
	})
}

// asset serves one embedded file. Browsers ask again each time and are told by its tag that nothing changed.
func asset(files fs.FS, name string) http.Handler {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		panic("web: " + name + " is embedded: " + err.Error())
	}
	tag := tagOf(content)
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	case ".css", ".html":
		kind = "text/" + strings.TrimPrefix(path.Ext(name), ".") + "; charset=utf-8"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("ETag", tag)
		h.Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}

// tagOf is the entity tag of the content.
func tagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
