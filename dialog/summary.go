package dialog

import (
	"context"
	"time"

	"floorwalker/shop"
)

// Summariser tells what a conversation is about.
type Summariser interface {
	// Outline does so by rules, at once.
	Outline(c shop.Conversation) string
	// Summarise has a language model do it; ok is false where none is there that can.
	Summarise(ctx context.Context, c shop.Conversation) (summary string, ok bool, err error)
}

// Summary is what a conversation is about up to an answer.
type Summary struct {
	Text string
	// UpTo is the seq of the latest answer that it covers.
	UpTo    int64
	ByModel bool
}

// Bounds of summaries.
const (
	// outgrown is how many answers beyond the last summary make a new one: what the assistant remembers word by word.
	outgrown = 8
	// mostExchanges is how many of the latest exchanges a summary is made of.
	mostExchanges = 200
	// mostToSummarise is how many conversations may wait; the next turn of one that finds no room asks again.
	mostToSummarise = 256
	// summaryWait bounds the model's work on one.
	summaryWait = 60 * time.Second
)

// Summary is the stored summary of a conversation, brought up to date by rules where answers came since. It is empty
// where nothing was answered or nobody summarises.
func (m *Manager) Summary(ctx context.Context, sessionID string) (Summary, error) {
	id, err := canonical(sessionID)
	if err != nil || m.o.Summariser == nil {
		return Summary{}, err
	}
	now, err := m.store.summary(ctx, id)
	if err != nil {
		return Summary{}, err
	}
	c, last, err := m.store.conversation(ctx, id)
	if err != nil || last <= now.UpTo {
		return now, err
	}
	now = Summary{Text: m.o.Summariser.Outline(c), UpTo: last}
	return now, m.store.keepSummary(ctx, id, now)
}

// wantSummary asks for a summary in the background.
func (m *Manager) wantSummary(session string) {
	if m.o.Summariser == nil {
		return
	}
	select {
	case m.toSummarise <- session:
	default:
	}
}

// summarise writes the summaries that are asked for until ctx ends, one after the other: by rules first, which is done at
// once, then by the model.
func (m *Manager) summarise(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case session := <-m.toSummarise:
			if err := m.summariseOne(ctx, session); err != nil && ctx.Err() == nil {
				m.log.Warn("conversation not summed up; its next turn asks again", "session", session, "error", err)
			}
		}
	}
}

func (m *Manager) summariseOne(ctx context.Context, session string) error {
	ctx, cancel := context.WithTimeout(ctx, summaryWait)
	defer cancel()
	c, last, err := m.store.conversation(ctx, session)
	if err != nil || last == 0 {
		return err
	}
	if err := m.store.keepSummary(ctx, session, Summary{Text: m.o.Summariser.Outline(c), UpTo: last}); err != nil {
		return err
	}
	text, ok, err := m.o.Summariser.Summarise(ctx, c)
	if err != nil || !ok {
		return err
	}
	return m.store.keepSummary(ctx, session, Summary{Text: text, UpTo: last, ByModel: true})
}
