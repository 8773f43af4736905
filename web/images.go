package web

import (
	"fmt"
	"hash/fnv"
	"net/http"
)

// picturePolicy keeps a drawn picture from doing anything, even opened by itself.
const picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

// serveImage answers with the product's picture, or a drawn placeholder where there is none.
func (s *Server) serveImage(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // the widget shows them on the shop's own pages
	if s.parts.Images != nil {
		missing := &missingWatch{ResponseWriter: w}
		s.parts.Images.ServeHTTP(missing, r)
		if !missing.is {
			return
		}
		h.Del("Content-Length")
	}
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Security-Policy", picturePolicy)
	fmt.Fprint(w, placeholder(r.PathValue("sku")))
}

// missingWatch holds back an answer of 404.
type missingWatch struct {
	http.ResponseWriter
	is bool
}

func (m *missingWatch) WriteHeader(status int) {
	if status == http.StatusNotFound {
		m.is = true
		return
	}
	m.ResponseWriter.WriteHeader(status)
}

func (m *missingWatch) Write(b []byte) (int, error) {
	if m.is {
		return len(b), nil
	}
	return m.ResponseWriter.Write(b)
}

// placeholder draws a parcel on a ground whose colour comes of the SKU, so that neighbours differ.
func placeholder(sku string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(sku)) //nolint:errcheck // never fails
	hue := sum.Sum32() % 360
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 180" role="img">`+
		`<rect width="240" height="180" fill="hsl(%[1]d 32%% 88%%)"/><circle cx="190" cy="36" r="60" fill="hsl(%[1]d 38%% 82%%)"/>`+
		`<g fill="none" stroke="hsl(%[1]d 34%% 42%%)" stroke-width="4" stroke-linejoin="round" stroke-linecap="round">`+
		`<path d="M76 74 120 54l44 20v48l-44 20-44-20z"/><path d="m76 74 44 20 44-20M120 94v48M98 64l44 20"/></g></svg>`, hue)
}
