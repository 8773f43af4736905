package web

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// keyedLimiter keeps one token bucket a key, for at most so many keys: the one not seen for longest is
// forgotten first. A forgotten key begins with a full bucket, so flooding the table with keys wins an
// attacker no more than he has addresses.
type keyedLimiter struct {
	rate Rate
	most int
	now  func() time.Time

	mu   sync.Mutex
	keys map[string]*list.Element
	// order has the key seen last in front.
	order *list.List
}

type keyed struct {
	key    string
	bucket *rate.Limiter
}

func newKeyedLimiter(r Rate, most int, now func() time.Time) *keyedLimiter {
	return &keyedLimiter{rate: r, most: most, now: now, keys: map[string]*list.Element{}, order: list.New()}
}

// allow takes one token of the key's bucket, if there is one.
func (l *keyedLimiter) allow(key string) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.keys[key]
	if ok {
		l.order.MoveToFront(e)
	} else {
		if len(l.keys) >= l.most {
			oldest := l.order.Back()
			l.order.Remove(oldest)
			delete(l.keys, oldest.Value.(*keyed).key)
		}
		e = l.order.PushFront(&keyed{key, l.rate.limiter()})
		l.keys[key] = e
	}
	return e.Value.(*keyed).bucket.AllowN(now, 1)
}

func (r Rate) limiter() *rate.Limiter { return rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst) }
