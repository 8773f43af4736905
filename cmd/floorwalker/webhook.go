package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"

	"floorwalker/dialog"
	"floorwalker/webhook"

	"github.com/jackc/pgx/v5/pgxpool"
)

// pushing says who is told of messages that reached no connected customer.
type pushing struct {
	WebhookURL      string   `help:"Where the shop's own server takes messages that reached no connected customer, for push notifications (docs/webhook.md). Nobody is told when empty." env:"FLOORWALKER_WEBHOOK_URL"`
	WebhookSecret   string   `help:"Signs what is posted there: whsec_ and base64. Made and kept in the data folder when empty; floorwalker webhook secret shows it." env:"FLOORWALKER_WEBHOOK_SECRET"`
	WebhookNetworks []string `help:"Networks that the webhook may lead to although they are not public, as in 10.0.0.0/8." env:"FLOORWALKER_WEBHOOK_NETWORKS"`
}

// outbox is nil where nobody is told.
func (c pushing) outbox(pool *pgxpool.Pool) dialog.Push {
	if c.WebhookURL == "" {
		return nil
	}
	return webhook.NewOutbox(pool, 0)
}

// sender is nil where nobody is told.
func (c pushing) sender(pool *pgxpool.Pool, talk webhook.Conversations, dataDir string, log *slog.Logger) (*webhook.Sender, error) {
	if c.WebhookURL == "" {
		return nil, nil
	}
	allow, err := networks(c.WebhookNetworks)
	if err != nil {
		return nil, err
	}
	secret, err := webhookSecret(c.WebhookSecret, dataDir)
	if err != nil {
		return nil, err
	}
	return webhook.NewSender(webhook.NewOutbox(pool, 0), talk, webhook.Options{URL: c.WebhookURL, Secret: secret, Allow: allow, Logger: log})
}

// webhookSecret is the one given, or the data folder's own.
func webhookSecret(given, dataDir string) (string, error) {
	if given != "" {
		return given, nil
	}
	kept, err := secret(dataDir, webhookKey)
	if err != nil {
		return "", err
	}
	raw, err := hex.DecodeString(kept)
	if err != nil {
		return "", fmt.Errorf("read %s of the data folder: %w", webhookKey, err)
	}
	return webhook.SecretOf(raw), nil
}

// webhookKey is the file of the data folder that has the secret's bytes in hexadecimal.
const webhookKey = "webhook.key"

// webhook looks at where messages to customers who are not connected would be posted. It posts nothing.
func (c *doctorCmd) webhook(context.Context) []finding {
	if c.WebhookURL == "" {
		return []finding{fine("webhook", "nobody is told of messages to customers who are not connected: FLOORWALKER_WEBHOOK_URL")}
	}
	secret := c.WebhookSecret
	if secret == "" {
		secret = webhook.SecretOf(make([]byte, 32)) // serve makes one
	}
	allow, err := networks(c.WebhookNetworks)
	if err == nil {
		_, err = webhook.NewSender(nil, nil, webhook.Options{URL: c.WebhookURL, Secret: secret, Allow: allow})
	}
	if err != nil {
		return []finding{fault("webhook", err.Error(), "docs/webhook.md says where it may lead.")}
	}
	return []finding{fine("webhook", "messages to customers who are not connected are posted")}
}

// webhookCmd looks after what is posted to the shop's own server.
type webhookCmd struct {
	Secret webhookSecretCmd `cmd:"" help:"Show the secret by which the receiver checks what it is posted."`
	List   webhookListCmd   `cmd:"" help:"Show deliveries, the newest first."`
	Replay webhookReplayCmd `cmd:"" help:"Send deliveries again: those named, or all that were given up."`
}

type webhookSecretCmd struct {
	pushing
	services
}

type webhookListCmd struct {
	State string `help:"Those of this state alone." enum:",waiting,sent,seen,dead" default:""`
	Limit int    `help:"How many." default:"100"`
	services
}

type webhookReplayCmd struct {
	ID   []string `arg:"" optional:"" help:"Ids of deliveries, as list shows them."`
	Dead bool     `help:"All that were given up."`
	services
}

// Run shows the secret.
func (c *webhookSecretCmd) Run(_ context.Context, std streams) error {
	secret, err := webhookSecret(c.WebhookSecret, c.dataDir())
	if err != nil {
		return err
	}
	fmt.Fprintln(std.out, secret)
	return nil
}

func withOutbox(ctx context.Context, s services, std streams, work func(o *webhook.Outbox) error) error {
	return withDatabase(ctx, s, std, func(db *database) error {
		return work(webhook.NewOutbox(db.pool, 0))
	})
}

// Run lists deliveries, one a line.
func (c *webhookListCmd) Run(ctx context.Context, std streams) error {
	return withOutbox(ctx, c.services, std, func(o *webhook.Outbox) error {
		all, err := o.List(ctx, c.State, c.Limit)
		if err != nil {
			return err
		}
		for _, d := range all {
			fmt.Fprintf(std.out, "%s %s %-7s %2d tries, session %s, seq %d %s\n", d.ID, d.CreatedAt.UTC().Format("2006-01-02T15:04:05Z"), d.State, d.Attempts, d.Session, d.Seq, d.LastError)
		}
		return nil
	})
}

// Run has deliveries sent again by the servers that run.
func (c *webhookReplayCmd) Run(ctx context.Context, std streams) error {
	if len(c.ID) == 0 != c.Dead {
		return errors.New("name the deliveries, or --dead for all that were given up")
	}
	return withOutbox(ctx, c.services, std, func(o *webhook.Outbox) error {
		n, err := o.Replay(ctx, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(std.out, "%d deliveries are sent again\n", n)
		return nil
	})
}
