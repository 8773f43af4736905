package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"floorwalker/web"
)

func TestASitesKeyLetsItsOwnPagesIn(t *testing.T) {
	const own, shop, outlet, stranger = "https://chat.example", "https://shop.example", "https://outlet.example", "https://stranger.example"
	c := open(t, setup{config: web.Config{Origins: []string{own}, LinkHosts: []string{"https://help.example"},
		SiteKeys: map[string][]string{"pk_shop_1": {shop}, "pk_shop_2": {shop}, "pk_outlet": {outlet}}}})
	for _, try := range []struct {
		origin, key string
		asked, open int // status of the question and of a new session
	}{
		{shop, "pk_shop_1", http.StatusNoContent, http.StatusCreated},
		{shop, "pk_shop_2", http.StatusNoContent, http.StatusCreated},
		{outlet, "pk_outlet", http.StatusNoContent, http.StatusCreated},
		{shop, "pk_outlet", http.StatusForbidden, http.StatusForbidden},
		{shop, "", 0, http.StatusForbidden},
		{shop, "pk_nobody_knows", http.StatusForbidden, http.StatusForbidden},
		{own, "", 0, http.StatusCreated},
		{own, "pk_shop_1", http.StatusForbidden, http.StatusForbidden},
		{stranger, "pk_shop_1", http.StatusForbidden, http.StatusForbidden},
		{"", "", 0, http.StatusCreated}, // an app
	} {
		from := map[string]string{}
		if try.origin != "" {
			from["Origin"] = try.origin
		}
		var e struct{ Code string }
		if try.asked != 0 {
			var into any
			if try.asked == http.StatusForbidden {
				into = &e
			}
			r := c.call(http.MethodGet, "/sites/"+try.key, "", from, into)
			if r.StatusCode != try.asked || r.Header.Get("Access-Control-Allow-Origin") != "*" || (e.Code == "site_key_refused") != (try.asked == http.StatusForbidden) {
				t.Errorf("%+v is told %s %q", try, r.Status, e.Code)
			}
		}
		e.Code = ""
		r := c.call(http.MethodPost, "/api/sessions", fmt.Sprintf(`{"key":%q}`, try.key), from, &e)
		if r.StatusCode != try.open || try.open == http.StatusForbidden && try.origin != stranger && e.Code != "site_key_refused" {
			t.Errorf("%+v opens a session with %s %q", try, r.Status, e.Code)
		}
	}
	var can struct {
		LinkOrigins []string `json:"link_origins"`
	}
	c.call(http.MethodGet, "/capabilities", "", nil, &can)
	if want := []string{own, "https://help.example", outlet, shop}; !slices.Equal(can.LinkOrigins, want) {
		t.Errorf("links lead to %q, want %q", can.LinkOrigins, want)
	}
}

// A key that is withdrawn lets its conversations go on no more, though the origin stays; under the new one they do.
func TestAWithdrawnKeyOpensNoLine(t *testing.T) {
	const shop = "https://shop.example"
	before := open(t, setup{config: web.Config{SiteKeys: map[string][]string{"pk_before": {shop}}}})
	var o opened
	if r := before.call(http.MethodPost, "/api/sessions", `{"key":"pk_before"}`, map[string]string{"Origin": shop}, &o); r.StatusCode != http.StatusCreated {
		t.Fatal(r.Status)
	}
	ticket := func(c *counter, origin, key string) (status int, code string) {
		var e struct{ Code string }
		from := map[string]string{"Authorization": "Bearer " + o.Secret}
		if origin != "" {
			from["Origin"] = origin
		}
		return c.call(http.MethodPost, "/api/tickets", fmt.Sprintf(`{"session":%q,"key":%q}`, o.Session, key), from, &e).StatusCode, e.Code
	}
	if status, code := ticket(before, shop, "pk_before"); status != http.StatusCreated {
		t.Errorf("while the key holds: %d %q", status, code)
	}
	if err := before.stop(); err != nil {
		t.Fatal(err)
	}
	after := open(t, setup{pool: before.pool, config: web.Config{SiteKeys: map[string][]string{"pk_after": {shop}}}})
	for _, try := range []struct {
		origin, key string
		want        int
	}{{shop, "pk_before", http.StatusForbidden}, {shop, "", http.StatusForbidden}, {shop, "pk_after", http.StatusCreated}, {"", "", http.StatusCreated}} {
		if status, code := ticket(after, try.origin, try.key); status != try.want || (code == "site_key_refused") != (try.want == http.StatusForbidden) {
			t.Errorf("%+v: %d %q", try, status, code)
		}
	}
}

func TestWithoutKeysEveryKeyHolds(t *testing.T) {
	const shop = "https://shop.example"
	c := open(t, setup{config: web.Config{Origins: []string{shop}}})
	if r := c.call(http.MethodGet, "/sites/pk_any", "", map[string]string{"Origin": shop}, nil); r.StatusCode != http.StatusNoContent {
		t.Errorf("asked: %s", r.Status)
	}
	if r := c.call(http.MethodPost, "/api/sessions", `{"key":"pk_any"}`, map[string]string{"Origin": shop}, nil); r.StatusCode != http.StatusCreated {
		t.Errorf("opened: %s", r.Status)
	}
}
