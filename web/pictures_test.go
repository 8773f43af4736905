package web_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"floorwalker/dialog"
	"floorwalker/pictures"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"
)

func TestAPictureIsSentAndSeenByItsOwnPeople(t *testing.T) {
	c := open(t, setup{parts: func(p *web.Parts) { p.Pictures = pictures.NewStore(p.Pool, pictures.Options{}) }})
	var mine, other dialog.Opened
	c.call("POST", "/api/sessions", `{}`, nil, &mine)
	c.call("POST", "/api/sessions", `{}`, nil, &other)
	bearer := func(o dialog.Opened) map[string]string {
		return map[string]string{"Authorization": "Bearer " + o.Secret, "Content-Type": "image/svg+xml"}
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 30, 20)), nil); err != nil {
		t.Fatal(err)
	}
	var kept shop.Picture
	if r := c.call("POST", "/api/pictures?session="+mine.SessionID, photo.String(), bearer(mine), &kept); r.StatusCode != http.StatusCreated || kept.Width != 30 || kept.Height != 20 {
		t.Fatalf("%s %+v", r.Status, kept)
	}
	for name, try := range map[string]struct {
		method, path, body string
		by                 map[string]string
		status             int
	}{
		"a stranger puts one":           {"POST", "/api/pictures?session=" + mine.SessionID, photo.String(), bearer(other), http.StatusUnauthorized},
		"nobody puts one":               {"POST", "/api/pictures?session=" + mine.SessionID, photo.String(), nil, http.StatusUnauthorized},
		"30 MB of HTML named a picture": {"POST", "/api/pictures?session=" + mine.SessionID, "<html>" + strings.Repeat(" ", 30<<20), bearer(mine), http.StatusRequestEntityTooLarge},
		"HTML":                          {"POST", "/api/pictures?session=" + mine.SessionID, "<html><script>alert(1)</script>", bearer(mine), http.StatusBadRequest},
		"a stranger looks":              {"GET", "/api/pictures/" + kept.ID + "?session=" + mine.SessionID, "", bearer(other), http.StatusUnauthorized},
		"a stranger looks at home":      {"GET", "/api/pictures/" + kept.ID + "?session=" + other.SessionID, "", bearer(other), http.StatusNotFound},
		"nobody looks":                  {"GET", "/api/pictures/" + kept.ID + "?session=" + mine.SessionID, "", nil, http.StatusUnauthorized},
		"what is not there":             {"GET", "/api/pictures/x?session=" + mine.SessionID, "", bearer(mine), http.StatusNotFound},
	} {
		if r := c.call(try.method, try.path, try.body, try.by, nil); r.StatusCode != try.status {
			t.Errorf("%s: %s", name, r.Status)
		}
	}
	r := c.call("GET", "/api/pictures/"+kept.ID+"?session="+mine.SessionID, "", bearer(mine), nil)
	for header, want := range map[string]string{"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=86400, immutable"} {
		if got := r.Header.Get(header); got != want {
			t.Errorf("%s: %q", header, got)
		}
	}
	if policy := r.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the policy %q", policy)
	}
}

func TestAMessageGoesWithAPictureAndWithoutAWord(t *testing.T) {
	c := open(t, setup{parts: func(p *web.Parts) { p.Pictures = pictures.NewStore(p.Pool, pictures.Options{}) }})
	o := c.open()
	l, _ := c.handshake("/ws/app", c.ticket(o), nil)
	l.say(`{"v":1,"type":"session.resume"}`)
	l.until(protocol.TypeSessionOpened)
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 30, 20)), nil); err != nil {
		t.Fatal(err)
	}
	var kept shop.Picture
	c.call("POST", "/api/pictures?session="+o.Session, photo.String(), map[string]string{"Authorization": "Bearer " + o.Secret, "Content-Type": "application/octet-stream"}, &kept)
	send := func(name, picture string) {
		l.say(fmt.Sprintf(`{"v":1,"type":"message.send","client_msg_id":%q,"data":{"text":" ","picture":%q}}`, name, picture))
	}
	send("m1", kept.ID)
	env := l.until(protocol.TypeMessageCreated)
	var created protocol.MessageCreated
	if err := env.Into(&created); err != nil || created.Picture == nil || *created.Picture != kept || created.Text != "" {
		t.Errorf("%s, %v", env.Data, err)
	}
	send("m2", "00000000-0000-0000-0000-000000000000")
	if e := l.refused(); e.Code != shop.CodeNotFound || e.ClientMsgID != "m2" {
		t.Errorf("a picture that is not there: %+v", e)
	}
	l.say(`{"v":1,"type":"message.send","client_msg_id":"m3","data":{"text":" "}}`)
	if e := l.refused(); e.Code != protocol.CodeBadField {
		t.Errorf("neither word nor picture: %+v", e)
	}
}
