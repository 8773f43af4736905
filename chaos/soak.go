package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// trend is what a soak measured of the first server, which is not killed: the median of the second quarter of the
// samples and of the last one. The first quarter is left to caches that fill.
type trend struct {
	Seconds    int       `json:"seconds"`
	HeapMB     [2]int    `json:"heap_mb"`
	Goroutines [2]int    `json:"goroutines"`
	Files      [2]int    `json:"files"`
	Flat       bool      `json:"flat"`
	samples    []measure `json:"-"`
}

// measure is one sample.
type measure struct{ heap, goroutines, files float64 }

// soak kills now and then for the whole time.
func (t *trial) soak(ctx context.Context) (*trend, error) {
	r := &trend{Seconds: int(t.c.Soak.Seconds())}
	if err := t.progress(ctx, 2*t.c.Customers); err != nil {
		return r, err
	}
	for end := time.Now().Add(t.c.Soak); time.Now().Before(end); {
		if err := t.round(ctx); err != nil {
			return r, err
		}
		if err := t.checkRunning(ctx); err != nil {
			return r, err
		}
		// Between two kills it is looked at a few times: what a kill stirs up settles.
		const looks = 5
		for range looks {
			select {
			case <-ctx.Done():
				return r, ctx.Err()
			case <-time.After(t.c.Every / looks):
			}
		}
		m, err := t.measure(ctx)
		if err != nil {
			return r, err
		}
		r.samples = append(r.samples, m)
		say("heap %.0f MB, %.0f goroutines, %.0f files", m.heap/1e6, m.goroutines, m.files)
	}
	return r, r.judge()
}

// measure asks the first server.
func (t *trial) measure(ctx context.Context) (m measure, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.replicas[0].url+"/metrics", nil)
	if err != nil {
		return m, err
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	answer, err := t.http.Do(r)
	if err != nil {
		return m, fmt.Errorf("measure: %w", err)
	}
	defer answer.Body.Close()
	found := 0
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		into := map[string]*float64{"go_memstats_heap_inuse_bytes": &m.heap, "go_goroutines": &m.goroutines, "process_open_fds": &m.files}[name]
		if into == nil {
			continue
		}
		if *into, err = strconv.ParseFloat(value, 64); err != nil {
			return m, fmt.Errorf("measure %s: %w", name, err)
		}
		found++
	}
	if found < 3 {
		return m, errors.New("measure: the server does not say how it is")
	}
	return m, nil
}

// judge compares the beginning with the end. What may grow by chance: a tenth, and what one reconnecting crowd brings.
func (r *trend) judge() error {
	if len(r.samples) < 8 {
		return fmt.Errorf("%d samples are too few to judge by: soak longer, or with a shorter --every", len(r.samples))
	}
	quarter := len(r.samples) / 4
	early, late := r.samples[quarter:2*quarter], r.samples[len(r.samples)-quarter:]
	median := func(of []measure, what func(measure) float64) float64 {
		var all []float64
		for _, m := range of {
			all = append(all, what(m))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	r.Flat = true
	for _, line := range []struct {
		what  func(measure) float64
		into  *[2]int
		unit  float64
		slack float64
	}{
		{func(m measure) float64 { return m.heap }, &r.HeapMB, 1e6, 12e6},
		{func(m measure) float64 { return m.goroutines }, &r.Goroutines, 1, 40},
		{func(m measure) float64 { return m.files }, &r.Files, 1, 20},
	} {
		a, b := median(early, line.what), median(late, line.what)
		*line.into = [2]int{int(math.Round(a / line.unit)), int(math.Round(b / line.unit))}
		if b > 1.1*a+line.slack {
			r.Flat = false
		}
	}
	return nil
}
