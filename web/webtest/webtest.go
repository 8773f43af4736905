// Package webtest gives tests a shop to talk to over the wire: the real web server, session manager and
// PostgreSQL, with an assistant and a catalogue that the test writes.
//
//	url := webtest.Open(t, webtest.Shop{Assistant: webtest.Script(answer), Products: products})
//	c, err := client.Dial(ctx, url, client.Options{})
package webtest

import (
	"context"
	"net"
	"strings"
	"testing"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/shop"
	"floorwalker/web"
)

// Script is an assistant that does what its function says.
type Script func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error)

// Answer answers one turn.
func (f Script) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	return f(ctx, turn, out)
}

// Shop is what a test sets up.
type Shop struct {
	Assistant dialog.Assistant
	// Products are the catalogue.
	Products Products
	// Articles are the knowledge that answers cite, by slug.
	Articles Articles
	// Config tunes the server.
	Config web.Config
	// Agents are the people at the desk; each one's password is AgentPassword.
	Agents []desk.Agent
}

// AgentPassword is the password of a test's agents.
const AgentPassword = "correct horse battery"

// Open runs the shop until the test ends and returns its address.
func Open(t testing.TB, s Shop) (url string) {
	t.Helper()
	pool := pgtest.New(t)
	people := desk.New(pool, desk.Options{})
	manager := dialog.NewManager(pool, s.Assistant, dialog.Options{Desk: people})
	people.Join(manager)
	for _, a := range s.Agents {
		if _, _, err := people.AddAgent(t.Context(), a, AgentPassword, false); err != nil {
			t.Fatal(err)
		}
	}
	server := web.New(web.Parts{Sessions: manager, Catalogue: s.Products, Articles: s.Articles, Pool: pool, Desk: people, Drain: manager.Drain,
		Status: func(context.Context) web.Readiness {
			return web.Readiness{Ready: true, Components: map[string]web.Component{web.ComponentLLM: {State: "absent"}}}
		}}, s.Config)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(context.Background())
	working, stopWorking := context.WithCancel(context.Background())
	served, worked, desked := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(serving, listener) }()
	go func() { worked <- manager.Run(working) }()
	go func() { desked <- people.Run(working) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		stopWorking()
		if err := <-worked; err != nil {
			t.Errorf("run the session manager: %v", err)
		}
		if err := <-desked; err != nil {
			t.Errorf("run the desk: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

// Products are a catalogue that is found by exact titles.
type Products []shop.Product

var _ web.Catalogue = Products(nil)

// Put is refused: a test's catalogue stays as it is.
func (p Products) Put(context.Context, shop.Product) (shop.Product, error) {
	return shop.Product{}, shop.Errorf(shop.CodeForbidden, "This catalogue can't be changed.")
}

// Delete is refused.
func (p Products) Delete(context.Context, string) error {
	return shop.Errorf(shop.CodeForbidden, "This catalogue can't be changed.")
}

// Products returns those of the SKUs.
func (p Products) Products(_ context.Context, skus []string) (found []shop.Product, err error) {
	for _, sku := range skus {
		for _, product := range p {
			if product.SKU == sku {
				found = append(found, product)
			}
		}
	}
	return found, nil
}

// Search finds products whose title holds the text.
func (p Products) Search(_ context.Context, q shop.Query) (found []shop.Candidate, err error) {
	for _, product := range p {
		if strings.Contains(strings.ToLower(product.Title), strings.ToLower(q.Text)) {
			found = append(found, shop.Candidate{Product: product})
		}
	}
	return found, nil
}

// Catalogues names those of the products.
func (p Products) Catalogues(context.Context) (names []string, err error) {
	seen := map[string]bool{}
	for _, product := range p {
		if !seen[product.Catalogue] {
			seen[product.Catalogue] = true
			names = append(names, product.Catalogue)
		}
	}
	return names, nil
}

// Articles are knowledge by slug.
type Articles map[string]shop.Article

// Article reads one.
func (a Articles) Article(_ context.Context, slug string) (shop.Article, error) {
	article, ok := a[slug]
	if !ok {
		return article, shop.Errorf(shop.CodeNotFound, "There is no article of this name.")
	}
	return article, nil
}
