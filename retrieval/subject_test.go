package retrieval_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"floorwalker/embedded"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// serveSubjects runs a store on a real NATS server until the test ends.
func serveSubjects(t *testing.T) (*retrieval.Store, *nats.Conn, *wordEmbedder) {
	t.Helper()
	server, err := embedded.StartNATS(embedded.NATSOptions{DataDir: t.TempDir()})
	if err != nil {
		t.Fatalf("start NATS: %v", err)
	}
	t.Cleanup(server.Stop)
	nc, err := server.Connect()
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(nc.Close)
	s, _, e := newFakeStore(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, nc) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s, nc, e
}

// ask sends a request; it waits for the subscription of a server that has just started.
func ask(t *testing.T, nc *nats.Conn, subject, body string) retrieval.SubjectReply {
	t.Helper()
	var m *nats.Msg
	eventually(t, func() bool {
		var err error
		m, err = nc.Request(subject, []byte(body), 10*time.Second)
		if err != nil && !errors.Is(err, nats.ErrNoResponders) {
			t.Fatalf("request %s: %v", subject, err)
		}
		return err == nil
	})
	var reply retrieval.SubjectReply
	if err := json.Unmarshal(m.Data, &reply); err != nil {
		t.Fatalf("reply %q: %v", m.Data, err)
	}
	return reply
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatal("it did not happen within 20 seconds")
}

func TestProductsChangeBySubject(t *testing.T) {
	t.Parallel()
	s, nc, _ := serveSubjects(t)
	const lamp = `{"sku":"l1","title":"Reading lamp","price_minor":4900,"currency":"USD","stock":2}`
	if r := ask(t, nc, retrieval.SubjectPut, lamp); !r.OK || r.SKU != "l1" || r.Version != 1 {
		t.Fatalf("put: %+v", r)
	}
	if r := ask(t, nc, retrieval.SubjectPut, strings.Replace(lamp, "4900", "4500", 1)); !r.OK || r.Version != 2 {
		t.Errorf("second put: %+v, want version 2", r)
	}
	found, err := s.Search(t.Context(), shop.Query{Text: "reading lamp"})
	if err != nil || len(found) != 1 || found[0].Product.Price.Minor != 4500 || found[0].Product.Catalogue != retrieval.Own {
		t.Errorf("found %+v, %v", found, err)
	}
	for name, c := range map[string]struct{ subject, body, code string }{
		"negative price":  {retrieval.SubjectPut, strings.Replace(lamp, "4900", "-1", 1), retrieval.CodeInvalidProduct},
		"no JSON":         {retrieval.SubjectPut, "lamp", retrieval.CodeInvalidProduct},
		"broken encoding": {retrieval.SubjectPut, "{\"sku\":\"\xff\"}", retrieval.CodeInvalidProduct},
		"unknown SKU":     {retrieval.SubjectDelete, `{"sku":"none"}`, shop.CodeNotFound},
		"delete nothing":  {retrieval.SubjectDelete, `{}`, retrieval.CodeInvalidProduct},
	} {
		if r := ask(t, nc, c.subject, c.body); r.OK || r.Code != c.code || r.Message == "" {
			t.Errorf("%s: %+v, want code %s", name, r, c.code)
		}
	}
	if r := ask(t, nc, retrieval.SubjectDelete, `{"sku":"l1"}`); !r.OK {
		t.Errorf("delete: %+v", r)
	}
	if n, err := s.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d products, %v; want none", n, err)
	}
}

// What was queued is applied in order, also when the first try fails for reasons of ours; a bad product is told
// and does not stop the queue.
func TestQueuedProductsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s, nc, e := serveSubjects(t)
	e.failOnce.Store(true)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	rejected, err := nc.SubscribeSync(retrieval.SubjectRejected)
	if err != nil {
		t.Fatal(err)
	}
	publish := func(subject, body string) {
		t.Helper()
		eventually(t, func() bool {
			_, err := js.Publish(t.Context(), subject, []byte(body))
			return err == nil
		})
	}
	for _, price := range []string{"100", "200", "-5", "300"} {
		publish(retrieval.SubjectQueuePut, `{"sku":"q1","title":"Queued lamp","price_minor":`+price+`,"currency":"USD","stock":1}`)
	}
	publish(retrieval.SubjectQueueDelete, `{"sku":"never there"}`)
	publish(retrieval.SubjectQueuePut, `{"sku":"q2","title":"Last lamp","price_minor":1,"currency":"USD","stock":1}`)
	eventually(t, func() bool {
		found, err := s.Products(t.Context(), []string{"q1", "q2"})
		return err == nil && len(found) == 2
	})
	got, err := s.Products(t.Context(), []string{"q1"})
	if err != nil || len(got) != 1 || got[0].Price.Minor != 300 || got[0].Version != 3 {
		t.Errorf("stored %+v, %v; want the third price and version 3", got, err)
	}
	m, err := rejected.NextMsg(5 * time.Second)
	if err != nil || !strings.Contains(string(m.Data), "negative") {
		t.Errorf("rejected: %v, %v", m, err)
	}
}
