package onnx

import (
	"container/list"
	"sync"
)

// cache keeps what was made of the texts that were asked for last, up to a size.
type cache[V any] struct {
	mu         sync.Mutex
	room, size int
	recent     *list.List // of *cached[V], the latest in front
	byText     map[string]*list.Element
}

type cached[V any] struct {
	text  string
	value V
	size  int
}

func newCache[V any](room int) *cache[V] {
	return &cache[V]{room: room, recent: list.New(), byText: map[string]*list.Element{}}
}

// get returns what is kept for the text. It is shared: nobody changes it.
func (c *cache[V]) get(text string) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byText[text]
	if !ok {
		return value, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached[V]).value, true
}

// put keeps a value of the size, in the cache's unit; what was not asked for longest gives way. What has no room at
// all is not kept.
func (c *cache[V]) put(text string, value V, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byText[text]; ok || size > c.room {
		return
	}
	c.byText[text] = c.recent.PushFront(&cached[V]{text, value, size})
	for c.size += size; c.size > c.room; {
		last := c.recent.Remove(c.recent.Back()).(*cached[V])
		c.size -= last.size
		delete(c.byText, last.text)
	}
}

// full reports whether hardly anything fits beside what is kept.
func (c *cache[V]) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size >= c.room-c.room/32
}
