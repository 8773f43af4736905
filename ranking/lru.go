package ranking

import (
	"container/list"
	"sync"
)

// lru keeps the values that were used last.
type lru[K comparable, V any] struct {
	mu     sync.Mutex
	size   int
	recent *list.List // of *entry[K, V], the latest in front
	byKey  map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](size int) *lru[K, V] {
	return &lru[K, V]{size: size, recent: list.New(), byKey: map[K]*list.Element{}}
}

func (l *lru[K, V]) get(key K) (value V, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.byKey[key]
	if !ok {
		return value, false
	}
	l.recent.MoveToFront(e)
	return e.Value.(*entry[K, V]).value, true
}

func (l *lru[K, V]) put(key K, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.byKey[key]; ok {
		e.Value.(*entry[K, V]).value = value
		l.recent.MoveToFront(e)
		return
	}
	l.byKey[key] = l.recent.PushFront(&entry[K, V]{key, value})
	if l.recent.Len() > l.size {
		oldest := l.recent.Remove(l.recent.Back()).(*entry[K, V])
		delete(l.byKey, oldest.key)
	}
}
