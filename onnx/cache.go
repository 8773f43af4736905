package onnx

import (
	"container/list"
	"slices"
	"sync"
)

// cache keeps the embeddings of the texts that were asked for last.
type cache struct {
	mu     sync.Mutex
	size   int
	recent *list.List // of *cached, the latest in front
	byText map[string]*list.Element
}

type cached struct {
	text   string
	vector []float32
}

// longestCached keeps a flood of long texts from filling memory.
const longestCached = 1024

func newCache(size int) *cache {
	if size == 0 {
		size = 4096
	}
	return &cache{size: size, recent: list.New(), byText: map[string]*list.Element{}}
}

// get returns a copy of the text's vector, or nil.
func (c *cache) get(text string) []float32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byText[text]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(e)
	return slices.Clone(e.Value.(*cached).vector)
}

// put keeps a copy of the vector.
func (c *cache) put(text string, vector []float32) {
	if c.size < 0 || len(text) > longestCached {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.byText[text]; ok {
		return
	}
	c.byText[text] = c.recent.PushFront(&cached{text: text, vector: slices.Clone(vector)})
	if c.recent.Len() > c.size {
		last := c.recent.Remove(c.recent.Back()).(*cached)
		delete(c.byText, last.text)
	}
}
