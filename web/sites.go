package web

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// codeSiteKey is the code of a page that is not let in under the key that its tag has.
const codeSiteKey = "site_key_refused"

var errSiteKey = refuse(http.StatusForbidden, codeSiteKey, "The chat is not let in on this page under this data-key. Give the script's tag the key that FLOORWALKER_SITE_KEYS names for this origin.")

// openTo reads which pages are let in, where links may lead and pictures may come from.
func (s *Server) openTo(c Config) {
	clean := func(given string) (origin string, ok bool) {
		origin, err := CleanOrigin(given)
		if err != nil {
			s.log.Warn("an origin is passed over: no browser sends it", "origin", given, "error", err)
		}
		return origin, err == nil
	}
	s.sites = map[string][]string{}
	links := map[string]bool{}
	for key, origins := range c.SiteKeys {
		for _, given := range origins {
			if origin, ok := clean(given); ok {
				s.origins[origin], links[origin] = true, true
				s.sites[origin] = append(s.sites[origin], key)
			}
		}
	}
	for _, given := range c.Origins {
		if origin, ok := clean(given); ok {
			s.origins[origin], links[origin] = true, true
		}
	}
	for _, given := range c.LinkHosts {
		if origin, ok := clean(given); ok {
			links[origin] = true
		}
	}
	for _, given := range c.ImageHosts {
		if origin, ok := clean(given); ok {
			s.images = append(s.images, origin)
		}
	}
	s.links = slices.Sorted(maps.Keys(links))
}

// siteKeyHolds reports whether a page of the origin is let in under the key; origin is empty for what is no page.
func (s *Server) siteKeyHolds(origin, key string) bool {
	switch keys := s.sites[origin]; {
	case origin == "" || len(s.sites) == 0:
		return true
	case key == "":
		return len(keys) == 0
	default:
		return slices.Contains(keys, key)
	}
}

// siteRoute tells the widget whether its tag's key holds, before it shows itself.
func (s *Server) siteRoute(api huma.API) {
	o := s.operation(api, http.MethodGet, "/sites/{key}", "siteKey", "Is the chat let in on the page that asks, under this key?", http.StatusNoContent)
	o.Description = "Any page may ask; " + codeSiteKey + " says that the tag's data-key is not one of its origin."
	huma.Register(api, o, func(_ context.Context, in *struct {
		Key    string `path:"key"`
		Origin string `header:"Origin"`
	}) (*struct {
		CacheControl string `header:"Cache-Control"`
	}, error) {
		if !s.siteKeyHolds(in.Origin, in.Key) {
			return nil, errSiteKey
		}
		return &struct {
			CacheControl string `header:"Cache-Control"`
		}{"private, max-age=300"}, nil
	})
}
