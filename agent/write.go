package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"floorwalker/agent/grounding"
	"floorwalker/agent/llm"
	"floorwalker/shop"
)

// tell answers with a draft: in the model's words where it is up and writes the language, else as it stands.
func (t *talk) tell(ctx context.Context, act string, d draft) error {
	if len(d.sentences) == 0 {
		return nil
	}
	a := &answer{t: t, act: act}
	for _, s := range d.sentences {
		text, facts := number(s, a.facts)
		a.spans = append(a.spans, span{s, text, len(a.facts) + 1, len(facts)})
		a.facts = facts
	}
	if t.modelWrites(act, a) {
		if err := a.ask(ctx); err != nil {
			return err
		}
	}
	return a.finish(ctx)
}

// Bounds of what the model is given to say: a draft of few words of its own is said as it is, and so is a long one.
const (
	shortestDraft = 12
	longestDraft  = 700
)

// modelWrites reports whether the model is to put a draft in its own words.
func (t *talk) modelWrites(act string, a *answer) bool {
	if t.Writer == nil || act == fixed || !t.Writer.Up() || !slices.Contains(t.c.WriterLanguages, t.lang) {
		return false
	}
	text := a.text()
	words := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			words++
		}
	}
	return words >= shortestDraft && len(text) <= longestDraft
}

// answer is a draft on its way to the customer.
type answer struct {
	t     *talk
	act   string
	spans []span
	// facts are what [1], [2], … stand for.
	facts []string
	check *grounding.Checker
	// spoken is set when something was sent.
	spoken bool
}

// span is one sentence of the draft: marked, with its facts numbered, and which facts those are.
type span struct {
	marked, text string
	first, last  int
}

// text is the draft as the model sees it.
func (a *answer) text() string {
	all := make([]string, len(a.spans))
	for i, s := range a.spans {
		all[i] = s.text
	}
	return strings.Join(all, " ")
}

// errEnough stops the model where nothing more is wanted of it.
var errEnough = errors.New("enough of this answer")

// What is let through of the model at most, and how often it may go wrong before it is stopped.
const (
	maxSentences = 4
	maxRemoved   = 2
)

// smallModel is the number of weights under which a model invents freely and is held to plain words.
const smallModel = 1_000_000_000

// ask streams the model's words. What it fails at is left to the draft; only the output's refusal and the end of ctx
// are errors.
func (a *answer) ask(ctx context.Context) error {
	draft := a.text()
	a.check = grounding.NewChecker(grounding.Sheet{Lang: a.t.lang, Facts: a.facts, Draft: draft, Heard: a.t.turn.Text,
		Closed: small(a.t.Writer), Sentences: maxSentences})
	modelCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := time.AfterFunc(a.t.c.FirstWord, func() { cancel(llm.ErrLate) })
	defer late.Stop()
	var refused error
	err := a.t.Writer.Write(modelCtx, systemPrompt, append(examplesOf(a.act, small(a.t.Writer)), "Draft: "+draft), func(piece string) error {
		if text := a.check.Write(piece); text != "" {
			late.Stop()
			if refused = a.send(ctx, text); refused != nil {
				return refused
			}
		}
		if a.check.Full() || a.check.Removed() > maxRemoved {
			return errEnough
		}
		return nil
	})
	switch {
	case refused != nil:
		return refused
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, errEnough) {
		if rest := a.check.Break(); rest != "" {
			if err := a.send(ctx, rest); err != nil {
				return err
			}
		}
		a.t.c.Logger.InfoContext(ctx, "the model did not finish an answer; the draft does", "reason", llm.Reason(err), "error", err)
	}
	if rest := a.check.Close(); rest != "" {
		return a.send(ctx, rest)
	}
	return nil
}

// small reports whether the writer says that its model is small.
func small(w Writer) bool {
	described, ok := w.(interface{ Info() llm.Info })
	return ok && described.Info().Parameters < smallModel
}

// send gives out the model's words with the facts in them.
func (a *answer) send(ctx context.Context, text string) error {
	facts := a.check.FactRunes()
	a.t.byModel += max(0, utf8.RuneCountInString(text)-(facts-a.t.factRunes))
	a.t.byServer += facts - a.t.factRunes
	a.t.factRunes = facts
	return a.say(ctx, text)
}

func (a *answer) say(ctx context.Context, text string) error {
	a.t.timer.Mark("first_token")
	a.spoken = true
	return a.t.out.Say(ctx, text)
}

// finish says by template what the model left out: every sentence of the draft that holds a fact not said yet; the
// whole draft where the model said nothing.
func (a *answer) finish(ctx context.Context) error {
	if a.check != nil {
		a.t.Trace.Removed += a.check.Removed()
		a.t.factRunes = 0
	}
	silent := !a.spoken
	for _, s := range a.spans {
		missing := silent
		for n := s.first; n <= s.last && !missing; n++ {
			missing = !a.check.Said(n)
		}
		if !missing {
			continue
		}
		if a.spoken && a.t.lang != shop.Chinese {
			if err := a.say(ctx, " "); err != nil {
				return err
			}
		}
		for _, p := range pieces(s.marked) {
			if n := utf8.RuneCountInString(p.text); p.fact {
				a.t.byServer += n
			} else {
				a.t.byTemplate += n
			}
			if err := a.say(ctx, p.text); err != nil {
				return err
			}
		}
	}
	return nil
}
