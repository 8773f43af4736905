package onnx

import "sync"

// buffers lends memory for token vectors, so that batches of like size don't each make their own.
type buffers struct{ pool sync.Pool }

// take lends size numbers; a new buffer has room for usual ones at least.
func (b *buffers) take(size, usual int) *[]float32 {
	buffer, _ := b.pool.Get().(*[]float32)
	if buffer == nil || cap(*buffer) < size {
		fresh := make([]float32, max(size, usual))
		buffer = &fresh
	}
	*buffer = (*buffer)[:size]
	return buffer
}

func (b *buffers) give(buffer *[]float32) { b.pool.Put(buffer) }
