package retrieval

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"floorwalker/shop"
)

// Job is an import that goes on while its owner does something else.
type Job struct {
	// Name is the file's.
	Name   string    `json:"name"`
	By     string    `json:"by"`
	Began  time.Time `json:"began"`
	Ended  time.Time `json:"ended,omitzero"`
	Phase  string    `json:"phase"`
	Rows   int       `json:"rows"`
	Total  int       `json:"total"`
	Report Report    `json:"report"`
	// Code and Problem say why nothing was changed.
	Code    string `json:"code,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// Jobs runs imports one at a time, and knows the latest of this process.
type Jobs struct {
	store  *Store
	log    *slog.Logger
	wanted chan func(context.Context)

	mu     sync.Mutex
	latest *Job
}

// NewJobs makes the list of imports; Run works on it.
func NewJobs(store *Store, log *slog.Logger) *Jobs {
	return &Jobs{store: store, log: log, wanted: make(chan func(context.Context), 1)}
}

// Latest is the import that runs or ran last; nil before the first.
func (j *Jobs) Latest() *Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.latest == nil {
		return nil
	}
	now := *j.latest
	return &now
}

// Start has the file imported and returns at once. The file is closed and removed when that is done. The error has
// code busy while another import runs, and the file stays the caller's.
func (j *Jobs) Start(file *os.File, name, by string, f Format, o ImportOptions) error {
	do := func(ctx context.Context) {
		o.Progress = func(p Progress) {
			j.change(func(job *Job) { job.Phase, job.Rows, job.Total = p.Phase, p.Rows, p.Total })
		}
		report, err := j.store.Import(ctx, file, f, o)
		err = errors.Join(err, file.Close(), os.Remove(file.Name()))
		j.change(func(job *Job) {
			job.Report, job.Phase, job.Ended = report, "done", time.Now().UTC()
			if err != nil {
				job.Code, job.Problem = shop.CodeOf(err)
				j.log.Warn("a catalogue was not imported", "file", name, "error", err)
			}
		})
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.latest != nil && j.latest.Ended.IsZero() {
		return shop.Errorf(shop.CodeBusy, "Another import is running. Start this one again when it is done.")
	}
	j.latest = &Job{Name: name, By: by, Began: time.Now().UTC(), Phase: "read"}
	j.wanted <- do // there is room: the one before has ended
	return nil
}

func (j *Jobs) change(f func(*Job)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f(j.latest)
}

// Run does the imports until ctx ends; one that is under way then changes nothing.
func (j *Jobs) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case do := <-j.wanted:
			do(ctx)
		}
	}
}
