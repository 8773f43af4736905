package dialog

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"floorwalker/protocol"
)

// gapPause is how long a reader waits before it looks again for the text before a piece that came too early.
const gapPause = 100 * time.Millisecond

// piece gives out what is new of a piece of text. Pieces of an answer that has ended are dropped: that is
// where the words of an assistant that was taken over from end, however late they come.
func (s *Subscription) piece(ctx context.Context, d protocol.MessageDelta) error {
	if d.MessageID != s.writing {
		s.behind = s.behind || d.MessageID != s.ended
		return nil
	}
	if d.Offset > s.have {
		if time.Since(s.looked) < gapPause {
			return nil
		}
		if err := s.textSoFar(ctx, nil); err != nil {
			return err
		}
	}
	if d.MessageID == s.writing && d.Offset <= s.have {
		return s.say(d.MessageID, skip(d.Text, s.have-d.Offset))
	}
	return nil
}

// say gives out text that follows what the reader has.
func (s *Subscription) say(messageID, text string) error {
	if text == "" {
		return nil
	}
	env, err := deltaEnvelope(protocol.MessageDelta{MessageID: messageID, Offset: s.have, Text: text}, s.m.now())
	if err != nil {
		return err
	}
	s.ready = append(s.ready, s.address(env))
	s.have += utf8.RuneCountInString(text)
	return nil
}

func deltaEnvelope(d protocol.MessageDelta, at time.Time) (protocol.Envelope, error) {
	env, err := protocol.New(protocol.TypeMessageDelta, d, at)
	env.ID = fmt.Sprintf("%s@%d", d.MessageID, d.Offset)
	return env, err
}

// textSoFar gives out what the reader does not have yet of the answer being written: from the turn, where
// it runs in this process, else as it is stored, which is read where it is not known.
func (s *Subscription) textSoFar(ctx context.Context, known *written) error {
	s.looked = time.Now()
	var w written
	switch t := s.m.hub.running(s.room.session); {
	case t != nil:
		w = written{t.message, t.seq, t.said()}
	case known != nil:
		w = *known
	default:
		var err error
		if w, err = s.m.store.writing(ctx, s.room.session); err != nil {
			return err
		}
	}
	// An answer whose message.created was not given out yet begins with it.
	if w.ID == "" || w.Seq >= s.next || w.ID == s.ended {
		return nil
	}
	if w.ID != s.writing {
		s.writing, s.have = w.ID, 0
	}
	return s.say(w.ID, skip(w.Text, s.have))
}

// skip is text without its first n code points.
func skip(text string, n int) string {
	for ; n > 0 && text != ""; n-- {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}
