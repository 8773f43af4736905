package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"floorwalker/agent"
	"floorwalker/agent/knowledge"
	"floorwalker/agent/spending"
	"floorwalker/agent/understanding"
	"floorwalker/behaviour"
	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/identity"
	"floorwalker/onnx"
	"floorwalker/orders"
	"floorwalker/orders/shopapi"
	"floorwalker/pictures"
	"floorwalker/privacy"
	"floorwalker/ranking"
	"floorwalker/retrieval"
	"floorwalker/sponsored"
	"floorwalker/web"
	"floorwalker/webhook"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// version is set at build time.
var version = "dev"

// serveCmd runs the shop: it starts what no address was given for, and serves customers until it is told to stop.
type serveCmd struct {
	Listen         string            `help:"Address to serve on." default:"127.0.0.1:8080" env:"FLOORWALKER_LISTEN"`
	Origins        []string          `help:"Origins that browsers may connect from; the served address when empty." env:"FLOORWALKER_ORIGINS"`
	ConsoleOrigins []string          `help:"Origins of the agents' console, where it has its own; those of the customers' pages when empty." env:"FLOORWALKER_CONSOLE_ORIGINS"`
	SiteKeys       map[string]string `help:"Public keys of the shop's sites and the origins on which each is good, as in pk_shop_1=https://www.shop.example https://m.shop.example;pk_outlet=https://outlet.example: pages of these need it as data-key." env:"FLOORWALKER_SITE_KEYS"`
	LinkHosts      []string          `help:"Origins that links in what the assistant, people at the desk and articles say may lead to, beside those of the pages that may connect; other addresses stay text." env:"FLOORWALKER_LINK_HOSTS"`
	ImageHosts     []string          `help:"Origins that product pictures may come from beside the server, each exact, as in https://cdn.shop.example." env:"FLOORWALKER_IMAGE_HOSTS"`
	TrustedProxies []string          `help:"Networks of the proxies before the server, as in 10.0.0.0/8: theirs is the X-Forwarded-For that is believed." env:"FLOORWALKER_TRUSTED_PROXIES"`
	HSTS           string            `name:"hsts" help:"Strict-Transport-Security to send, as in max-age=31536000: for a server behind TLS." env:"FLOORWALKER_HSTS"`
	AdminToken     string            `help:"Bearer token of the product API; made and kept in the data folder when empty." env:"FLOORWALKER_ADMIN_TOKEN"`
	personRules
	CheckoutURL     string             `help:"The shop's own checkout, which gets the signed cart." env:"FLOORWALKER_CHECKOUT_URL"`
	Rates           map[string]float64 `help:"What one unit of a currency is worth in US dollars, as in EUR=1.08;GBP=1.27." env:"FLOORWALKER_RATES"`
	Consumables     []string           `help:"Categories of which customers are recommended again what they bought; * for all." default:"Food & Drink,Beauty,Pet Supplies,Baby,Office Supplies" env:"FLOORWALKER_CONSUMABLES"`
	SponsoredWeight float64            `help:"How much the revenue of sponsored products counts beside what a card is worth to the customer: 0 shows none, 1 counts revenue alone." default:"0.3" env:"FLOORWALKER_SPONSORED_WEIGHT"`
	Demo            bool               `help:"Import the demo catalogue where there is none." default:"true" negatable:"" env:"FLOORWALKER_DEMO"`
	services
	languageModel
	knownCustomers
	shopSystem
	Consent string `help:"What who says nothing has agreed to, on each platform and for each purpose: presumed lets what customers do be used until they refuse, required not before they agree." enum:"presumed,required" default:"presumed" env:"FLOORWALKER_CONSENT"`
	eventKeeping
	keeping
	pushing
	rankingPolicy
	supplyRules
	priceRules
}

// knownCustomers says by which tokens of the shop customers are known.
type knownCustomers struct {
	IdentityKeys     string `help:"File with the keys (JWK Set) by which the shop signs its customers' tokens; read again when it changes. Without it all are visitors." env:"FLOORWALKER_IDENTITY_KEYS"`
	IdentityIssuer   string `help:"What the tokens' iss says: the shop's own server." env:"FLOORWALKER_IDENTITY_ISSUER"`
	IdentityAudience string `help:"What the tokens' aud says." default:"floorwalker" env:"FLOORWALKER_IDENTITY_AUDIENCE"`
	VerifiedOnly     bool   `help:"Let known customers in, and no visitors." default:"false" env:"FLOORWALKER_VERIFIED_ONLY"`
}

// verifier is nil where no file of keys is given.
func (c knownCustomers) verifier(pool *pgxpool.Pool, log *slog.Logger) (*identity.Verifier, error) {
	switch {
	case c.IdentityKeys == "" && c.VerifiedOnly:
		return nil, errors.New("--verified-only needs --identity-keys: without keys nobody could come in")
	case c.IdentityKeys == "":
		return nil, nil
	case c.IdentityIssuer == "":
		return nil, errors.New("--identity-keys needs --identity-issuer: the iss of the shop's tokens")
	}
	return identity.New(pool, c.IdentityKeys, identity.Options{Issuer: c.IdentityIssuer, Audience: c.IdentityAudience, Logger: log})
}

// Run starts everything, serves, and stops everything in order.
func (c *serveCmd) Run(ctx context.Context, std streams) (err error) {
	if os.Getenv("GOGC") == "" {
		// Most of the heap are connections on which nothing is said. Go would leave as much room again for garbage.
		debug.SetGCPercent(50)
	}
	log := slog.New(privacy.Handler(slog.NewTextHandler(std.err, nil)))
	rates, err := parseRates(c.Rates)
	if err != nil {
		return err
	}
	proxies, err := networks(c.TrustedProxies)
	if err != nil {
		return err
	}
	if err := errors.Join(c.keeping.check(), c.supplyRules.check(), c.priceRules.check()); err != nil {
		return err
	}
	personFrom, err := c.personRules.read()
	if err != nil {
		return err
	}
	if err := checkOrigins(slices.Concat(c.Origins, c.ConsoleOrigins, c.LinkHosts, c.ImageHosts)); err != nil {
		return fmt.Errorf("FLOORWALKER_ORIGINS, FLOORWALKER_CONSOLE_ORIGINS, FLOORWALKER_LINK_HOSTS, FLOORWALKER_IMAGE_HOSTS: %w", err)
	}
	sites, err := readSiteKeys(c.SiteKeys)
	if err != nil {
		return err
	}
	base, err := startServices(ctx, c.services, std, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.stop()) }()
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()

	catalogue := retrieval.NewStore(base.pool, m.english, retrieval.Options{Rates: rates, Logger: log, Background: onnx.Background})
	articles := knowledge.NewStore(base.pool, m.english, m.chinese)
	events := behaviour.NewLog(base.pool, behaviour.Options{Keep: c.KeepEvents, AskFirst: c.Consent == consentRequired, Learned: m.learned(), Logger: log})
	if err := checkShare(c.SponsoredWeight); err != nil {
		return fmt.Errorf("--sponsored-weight %w", err)
	}
	ads := sponsored.New(base.pool, sponsored.Options{Predict: events.Shares, Weight: c.SponsoredWeight, Logger: log})
	forecasts := newForecasts(base.pool, catalogue, events, c.supplyRules, log)
	prices := newPrices(base.pool, catalogue, events, forecasts, c.priceRules, log)
	own, err := c.shopSystem.open(base.pool, catalogue, rates, log)
	if err != nil {
		return err
	}
	defer own.close()
	carts := events.WatchCarts(own.carts)
	sent := pictures.NewStore(base.pool, pictures.Options{Logger: log})
	if err := loadDemo(ctx, c.Demo, catalogue, articles, orders.NewOrders(base.pool), std.err); err != nil {
		return err
	}
	local, err := understanding.NewLocal(ctx, m.english, m.chinese)
	if err != nil {
		return err
	}
	ledger := spending.NewLedger(base.pool, spending.Options{Customer: c.CustomerTokens, Network: c.NetworkTokens, Logger: log})
	model, err := startModel(c.languageModel, c.services, ledger, 0, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, model.stop()) }()
	checkoutKey, err := secret(c.dataDir(), "checkout.key")
	if err != nil {
		return err
	}
	parser, err := model.parser(local, c.languageModel)
	if err != nil {
		return err
	}
	live, err := openLiveRankers(c.services, c.rankingPolicy, m, events, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, live.close()) }()
	var placing agent.Sponsored // nobody is asked what he allows where nothing is placed
	if c.SponsoredWeight > 0 {
		placing = allowedAds{ads, events}
	}
	book := newBook(base.pool, events, log)
	able := agent.Parts{Parser: parser, Search: catalogue, Rank: live.swap, Knowledge: articles, Carts: carts, Orders: own.orders, Customers: own.customers,
		Taste: comparedTaste{events, book, log}, Sponsored: placing, Rules: catalogue, Writer: model.writer(), Eyes: model.eyes(sent), Spelling: local}
	ways := agent.Config{Rates: rates, Consumables: c.Consumables, CheckoutURL: c.CheckoutURL, CheckoutKey: []byte(checkoutKey), ReturnsToDesk: own.api == nil,
		PersonFrom: personFrom, PersonTopics: c.PersonTopics, Logger: log}
	assistant := agent.New(able, ways)
	able.Taste = events // what is suggested to the desk exposes nobody to an experiment
	helper := agent.New(able, ways)
	wake, relay := dialog.NewNATSWake(base.nats), dialog.NewRelay(base.pool, base.nats, dialog.RelayOptions{Logger: log})
	key, err := c.key()
	if err != nil {
		return err
	}
	people := desk.New(base.pool, desk.Options{Wake: wake, Key: key, Logger: log})
	manager := dialog.NewManager(base.pool, events.Watch(assistant), dialog.Options{Wake: wake, Relay: relay, Desk: people, Carts: own.carts, Summariser: assistant, Push: c.outbox(base.pool), Logger: log})
	people.Join(manager)
	if err := seatDemoAgents(ctx, c.Demo, people, c.dataDir(), std.out); err != nil {
		return err
	}
	admin := c.AdminToken
	if admin == "" {
		if admin, err = secret(c.dataDir(), "admin.token"); err != nil {
			return err
		}
	}
	verifier, err := c.verifier(base.pool, log)
	if err != nil {
		return err
	}
	sender, err := c.sender(base.pool, manager, c.dataDir(), log)
	if err != nil {
		return err
	}
	registry := newMetrics()
	drift := newDriftWatch(events, registry, log)
	status := readiness(base, catalogue, model, live.swap, own.api)
	parts := web.Parts{Sessions: watchedSessions{manager, events}, Behaviour: chargedEvents{events, ads, log}, Catalogue: catalogue, Carts: carts, Pool: base.pool, Status: status, Images: productPictures(catalogue),
		Drain: manager.Drain, Articles: articles, Metrics: registry, Rankings: explainer{catalogue, live.swap}, Desk: people, Purchases: own.orders, Customers: own.customers, Pictures: sent, Forecasts: forecasts, Prices: prices,
		Suggestions: helper}
	imports := retrieval.NewJobs(catalogue, log)
	parts.Operator = &web.Operator{Playground: assistant, Knowledge: articles, KnowledgeFloor: knowledge.Threshold, Imports: imports, Rules: catalogue, Report: manager, Funnel: events, Experiments: book}
	if c.WebhookURL != "" {
		parts.Operator.Deliveries = webhook.NewOutbox(base.pool, 0)
	}
	if verifier != nil {
		parts.Identity = verifier
	}
	server := web.New(parts, web.Config{Origins: c.origins(), SiteKeys: sites, LinkHosts: c.LinkHosts, ConsoleOrigins: c.ConsoleOrigins, TrustedProxies: proxies, HSTS: c.HSTS, VerifiedOnly: c.VerifiedOnly,
		AdminToken: admin, ImageHosts: c.ImageHosts, Version: version, Logger: log})
	if err := manager.CompareDatabase(ctx); err != nil {
		log.Warn("whether the database was restored is looked at again", "error", err)
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (--listen chooses another address): %w", c.Listen, err)
	}

	// The workers outlive the signal: sockets are closed first, then answers end, then the rest stops.
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	workers := newWorkers(working, log)
	workers.run("session manager", manager.Run)
	workers.run("handoff relay", relay.Run)
	workers.run("desk", people.Run)
	if verifier != nil {
		workers.run("customers' tokens", verifier.Run)
	}
	if sender != nil {
		workers.run("webhook", sender.Run)
	}
	workers.run("tokens", ledger.Run)
	workers.run("language model", func(ctx context.Context) error { return model.run(ctx, manager) })
	workers.run("product changes", func(ctx context.Context) error { return catalogue.Serve(ctx, base.nats) })
	workers.run("news of products", func(ctx context.Context) error { return catalogue.News(ctx, manager.ProductsChanged) })
	workers.run("rankers", live.run)
	workers.run("imports", imports.Run)
	workers.run("retention", (&retention{keeping: c.keeping, pool: base.pool, sessions: manager, now: time.Now, batch: keepBatch, log: log}).run)
	workers.run("reading ahead", func(ctx context.Context) error { return live.readAhead(ctx, catalogue) })
	workers.run("drift", drift.run)
	workers.run("events", events.Run)
	workers.run("taste", events.LearnOn)
	workers.run("forecasts and prices", func(ctx context.Context) error { return everyNight(ctx, log, forecasts.Night, prices.Night) })
	workers.run("pictures", sent.Run)
	workers.run("events of the shop's servers", func(ctx context.Context) error { return events.Serve(ctx, base.nats) })
	workers.run("vector index", catalogue.Prepare)
	workers.run("vocabulary", func(ctx context.Context) error { return followVocabulary(ctx, catalogue, local) })
	fmt.Fprintf(std.out, "Floorwalker is open: http://%s\n", listener.Addr())
	err = server.Serve(ctx, listener)
	stopWorking()
	return errors.Join(err, workers.wait())
}

// newMetrics is the registry behind /metrics, with the process's own figures in it.
func newMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// origins are those given, or the served address under its usual names.
func (c *serveCmd) origins() []string {
	if len(c.Origins) > 0 {
		return c.Origins
	}
	return web.OriginsFor(c.Listen)
}

// networks reads addresses of networks.
func networks(given []string) (all []netip.Prefix, err error) {
	for _, text := range given {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("network %q: one is written as in 10.0.0.0/8 or 192.0.2.7/32", text)
		}
		all = append(all, network)
	}
	return all, nil
}

// readiness looks at each part.
func readiness(base *base, catalogue *retrieval.Store, model *model, ranker *ranking.Switch, api *shopapi.Client) func(context.Context) web.Readiness {
	return func(ctx context.Context) web.Readiness {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		r := web.Readiness{Ready: true, Components: map[string]web.Component{}}
		if err := base.pool.Ping(ctx); err != nil {
			r.Ready = false
			r.Components["postgres"] = web.Component{State: "failed", Detail: "does not answer"}
		} else {
			r.Components["postgres"] = web.Component{State: "ready"}
		}
		if base.nats.IsConnected() {
			r.Components["nats"] = web.Component{State: "ready"}
		} else {
			r.Components["nats"] = web.Component{State: "failed", Detail: "not connected; conversations go on, other replicas hear later"}
		}
		if n, err := catalogue.Count(ctx); err != nil || n == 0 {
			r.Components["catalogue"] = web.Component{State: "absent", Detail: "no products: run floorwalker import"}
		} else {
			r.Components["catalogue"] = web.Component{State: "ready", Detail: fmt.Sprintf("%d products", n)}
		}
		r.Components["ranker"] = web.Component{State: "ready", Detail: ranker.Model()}
		r.Components["llm"] = model.component()
		switch {
		case api == nil: // carts and orders are in tables of our own
		case api.Up():
			r.Components["shop_api"] = web.Component{State: "ready"}
		default:
			r.Components["shop_api"] = web.Component{State: "failed", Detail: "does not answer; customers are told so where it is needed"}
		}
		return r
	}
}

// followVocabulary gives the parser the catalogue's words, and again when the catalogue changed.
func followVocabulary(ctx context.Context, catalogue *retrieval.Store, local *understanding.Local) error {
	seen := int64(-1)
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		if v, err := catalogue.Version(ctx); err == nil && v != seen {
			vocabulary, err := catalogue.Vocabulary(ctx)
			if err == nil {
				local.SetVocabulary(vocabulary)
				seen = v
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// base is PostgreSQL and NATS, started or connected to.
type base struct {
	pool  *pgxpool.Pool
	nats  *nats.Conn
	stops []func() error
}

// stop ends what was started, the last first.
func (b *base) stop() error {
	var errs []error
	for i := len(b.stops) - 1; i >= 0; i-- {
		errs = append(errs, b.stops[i]())
	}
	b.stops = nil
	return errors.Join(errs...)
}
