package main

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestTheReceiverPushesOnceWhatIsSignedAndFresh(t *testing.T) {
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes, ok"))
	var pushed []news
	broken := true
	r, err := newReceiver(secret, func(n news) error {
		if broken {
			return errors.New("FCM is away")
		}
		pushed = append(pushed, n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sign, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"type":"message.created","data":{"session":"s","customer":"c","author":"Ada","text":"Hello?"}}`
	send := func(id string, at time.Time, sent string) int {
		signature, err := sign.Sign(id, at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(sent))
		request.Header.Set(standardwebhooks.HeaderWebhookID, id)
		request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
		request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, request)
		return w.Code
	}
	if got := send("msg_1", time.Now(), body); got != http.StatusServiceUnavailable {
		t.Errorf("while it can't push: %d", got)
	}
	broken = false
	for range 2 {
		if got := send("msg_1", time.Now(), body); got != http.StatusNoContent {
			t.Errorf("a fresh delivery: %d", got)
		}
	}
	for name, got := range map[string]int{
		"a changed body": send("msg_2", time.Now(), strings.Replace(body, "Hello", "Hallo", 1)),
		"an old one":     send("msg_2", time.Now().Add(-time.Hour), body),
		"one to come":    send("msg_2", time.Now().Add(time.Hour), body),
	} {
		if got != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got)
		}
	}
	if len(pushed) != 1 || pushed[0].Data.Text != "Hello?" {
		t.Errorf("pushed %+v", pushed)
	}
	if _, err := newReceiver("", show); err == nil {
		t.Error("without a secret anybody could push")
	}
}
