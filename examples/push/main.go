// Command push is a receiver of Floorwalker's webhook to begin with: it checks who sends, drops what it has, and prints
// what a shop would hand to Firebase (FCM) or Apple (APNs), whose keys it alone has.
//
//	WEBHOOK_SECRET=$(bin/floorwalker webhook secret) go run ./examples/push
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// news is the part of the event that a notification is made of; docs/schema/v1/webhook.message.created.json has all.
type news struct {
	Type string `json:"type"`
	Data struct {
		Session  string `json:"session"`
		Customer string `json:"customer"`
		Author   string `json:"author"`
		Text     string `json:"text"`
	} `json:"data"`
}

// receiver takes deliveries. What it has seen it keeps in memory: a shop keeps it where its devices' tokens are.
type receiver struct {
	check *standardwebhooks.Webhook
	push  func(news) error
	mu    sync.Mutex
	seen  map[string]bool
}

func newReceiver(secret string, push func(news) error) (*receiver, error) {
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil || secret == "" {
		return nil, errors.Join(errors.New("WEBHOOK_SECRET is what floorwalker webhook secret shows"), err)
	}
	return &receiver{check: check, push: push, seen: map[string]bool{}}, nil
}

// ServeHTTP answers 2xx for what need not come again.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	const most = 64 << 10
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, most))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if err := r.check.Verify(body, request.Header); err != nil {
		log.Printf("refused: %v", err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var n news
	if err := json.Unmarshal(body, &n); err != nil || n.Type != "message.created" {
		w.WriteHeader(http.StatusNoContent) // nothing for us
		return
	}
	id := request.Header.Get(standardwebhooks.HeaderWebhookID)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen[id] {
		if err := r.push(n); err != nil {
			log.Printf("not pushed, it comes again: %v", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		r.seen[id] = true
	}
	w.WriteHeader(http.StatusNoContent)
}

// show prints the notification. A shop looks up the tokens of the customer's devices here and posts title, body and
// session to https://fcm.googleapis.com/v1/projects/<project>/messages:send or https://api.push.apple.com/3/device/<token>.
func show(n news) error {
	to, title := n.Data.Customer, n.Data.Author
	if to == "" {
		to = "the device of session " + n.Data.Session
	}
	if title == "" {
		title = "The shop"
	}
	_, err := fmt.Printf("push to %s: %s: %s\n", to, title, n.Data.Text)
	return err
}

func main() {
	r, err := newReceiver(os.Getenv("WEBHOOK_SECRET"), show)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "127.0.0.1:8090", Handler: r, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	log.Printf("waiting at http://%s", server.Addr)
	log.Fatal(server.ListenAndServe())
}
