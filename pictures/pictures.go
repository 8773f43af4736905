package pictures

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"floorwalker/shop"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/semaphore"
)

// MaxUpload is the largest file that is looked at, in bytes.
const MaxUpload = 10 << 20

// Errors for people.
var (
	errLarge = shop.Errorf(shop.CodeTooLarge, "A picture may have %d MB. Send a smaller one.", MaxUpload>>20)
	errKind  = shop.Errorf(shop.CodeBadRequest, "This is no picture that can be shown. Send a JPEG, PNG, GIF or WebP.")
	errWide  = shop.Errorf(shop.CodeTooLarge, "A picture may have %d million points. Send a smaller one.", maxPoints/1_000_000)
	errMany  = shop.Errorf(shop.CodeRateLimit, "You have sent many pictures today. Describe it in words, or send it tomorrow.")
	errFull  = shop.Errorf(shop.CodeBusy, "The shop can't keep more pictures just now. Describe it in words.")
	errNone  = shop.Errorf(shop.CodeNotFound, "There is no such picture in this conversation.")
)

// Options tune a Store. The zero value of each field stands for its default.
type Options struct {
	// PerDay is how many pictures a session may keep in a day. Default 40.
	PerDay int
	// Total is how many bytes all pictures may take. Default 4 GiB.
	Total int64
	// Unsent is how long a picture is kept that went with no message. Default a day.
	Unsent time.Duration
	// Now is the clock. Default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Store keeps pictures in PostgreSQL. It is safe for concurrent use.
type Store struct {
	store store
	o     Options
	// decoding bounds the memory: one picture is opened at a time.
	decoding *semaphore.Weighted
}

// NewStore makes a store over a migrated database.
func NewStore(pool *pgxpool.Pool, o Options) *Store {
	o.PerDay, o.Total, o.Unsent = cmp.Or(o.PerDay, 40), cmp.Or(o.Total, 4<<30), cmp.Or(o.Unsent, 24*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Store{store: store{pool}, o: o, decoding: semaphore.NewWeighted(1)}
}

// Keep reads an upload and keeps the picture for the session, drawn anew as a JPEG. What is no picture, or too much of
// one, is refused with a shop.Error.
func (s *Store) Keep(ctx context.Context, session string, upload io.Reader) (shop.Picture, error) {
	raw, err := io.ReadAll(io.LimitReader(upload, MaxUpload+1))
	if err != nil {
		return shop.Picture{}, fmt.Errorf("read a picture: %w", err)
	}
	if len(raw) > MaxUpload {
		return shop.Picture{}, errLarge
	}
	if err := s.decoding.Acquire(ctx, 1); err != nil {
		return shop.Picture{}, fmt.Errorf("wait to open a picture: %w", err)
	}
	p, jpeg, err := redraw(raw)
	s.decoding.Release(1)
	if err != nil {
		return p, err
	}
	p.ID = uuid.NewString()
	if err := s.store.insert(ctx, p.ID, session, p, jpeg, s.o.PerDay, s.o.Total); err != nil {
		return shop.Picture{}, fmt.Errorf("keep a picture: %w", err)
	}
	return p, nil
}

// Send says that the picture goes with a message of its session; another session's there is none.
func (s *Store) Send(ctx context.Context, session, id string) (shop.Picture, error) {
	id, err := canonical(id)
	if err != nil {
		return shop.Picture{}, err
	}
	p, err := s.store.send(ctx, session, id)
	if err != nil {
		return p, fmt.Errorf("send a picture: %w", err)
	}
	return p, nil
}

// Read is the picture of the session, as a JPEG.
func (s *Store) Read(ctx context.Context, session, id string) (jpeg []byte, err error) {
	if id, err = canonical(id); err != nil {
		return nil, err
	}
	if jpeg, err = s.store.read(ctx, session, id); err != nil {
		return nil, fmt.Errorf("read a picture: %w", err)
	}
	return jpeg, nil
}

// Run deletes, every hour until ctx ends, what was never sent.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.store.dropUnsent(ctx, s.o.Now().Add(-s.o.Unsent)); err != nil && ctx.Err() == nil {
			s.o.Logger.Error("pictures that were never sent are not deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func canonical(id string) (string, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return "", errNone
	}
	return parsed.String(), nil
}
