package demo

import (
	"context"
	"maps"
	"sync"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// progress has the resourceVersions that have passed. The play awaits each of its steps: the
// watches of two resources have no common order, but the records of the demo have.
type progress struct {
	moved chan struct{}

	mu     sync.Mutex
	passed map[string]string // by resource
}

func newProgress() *progress {
	return &progress{moved: make(chan struct{}, 1), passed: map[string]string{}}
}

func (p *progress) reach(ev watch.Event) {
	p.mu.Lock()
	p.passed[ev.Resource] = ev.ResourceVersion
	p.mu.Unlock()
	select {
	case p.moved <- struct{}{}:
	default:
	}
}

// await returns when the versions have passed, or ctx has ended.
func (p *progress) await(ctx context.Context, versions map[string]string) {
	for !p.at(versions) {
		select {
		case <-p.moved:
		case <-ctx.Done():
			return
		}
	}
}

func (p *progress) at(versions map[string]string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Equal(p.passed, versions)
}
