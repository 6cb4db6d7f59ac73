//go:build node

package scenarios

import (
	"flag"
	"maps"
	"regexp"
	"slices"
	"sync"
	"testing"
)

var (
	recordInto = flag.String("record", "", "folder to write the watch stream of each scenario into")
	chosen     = flag.String("scenarios", "", "regular expression of the scenarios to play")
)

// TestScenarios plays all scenarios on one node, with the program running. It then
// holds every record against the oracle, and those of each scenario against its
// table.
func TestScenarios(t *testing.T) {
	n := node{theNode.Node(t)}
	run := &rehearsal{node: n, history: n.follow(t), program: n.startProgram(t), ends: map[string]int64{}}
	t.Run("together", func(t *testing.T) { run.together(t) })
	for _, x := range scenarios() {
		if x.alone {
			t.Run("alone/"+x.name, func(t *testing.T) {
				defer run.leave(t, x.name)
				run.play(t, x)
			})
		}
	}
	run.settle(t)
	t.Run("records", func(t *testing.T) { run.check(t) })
	if *recordInto != "" && !t.Failed() {
		run.record(t, *recordInto)
	}
}

func scenarios() []scenario {
	all := slices.Concat(
		starts(), failures(), probes(), jobs(), resizes(), devices(), refusals(), evictions(), restarts(),
		disturbances(),
	)
	return slices.DeleteFunc(all, func(x scenario) bool {
		match, err := regexp.MatchString("^(?:"+*chosen+")$", x.name)
		return *chosen != "" && (err != nil || !match)
	})
}

// rehearsal is one run of the scenarios.
type rehearsal struct {
	node
	history *history
	program *program

	mu   sync.Mutex
	ends map[string]int64 // revision up to which a scenario's table counts
}

// together plays, in parallel, the scenarios that don't disturb each other. All
// their pods live until the last scenario has ended, so that late records show.
func (r *rehearsal) together(t *testing.T) {
	t.Run("play", func(t *testing.T) {
		for _, x := range scenarios() {
			if !x.alone {
				t.Run(x.name, func(t *testing.T) {
					t.Parallel()
					r.play(t, x)
				})
			}
		}
	})
	played := slices.Sorted(maps.Keys(r.ends))
	end := r.history.sync(t, r.node)
	for _, name := range played {
		r.ends[name] = end
		r.stage(t, name).leave()
	}
	for _, name := range played {
		if err := r.stage(t, name).gone(); err != nil {
			t.Errorf("pods of %s are left: %v", name, err)
		}
	}
}

func (r *rehearsal) stage(t *testing.T, name string) *stage {
	return &stage{t: t, node: r.node, history: r.history, ns: name}
}

func (r *rehearsal) play(t *testing.T, x scenario) {
	r.mu.Lock()
	r.ends[x.name] = 0
	r.mu.Unlock()
	r.stage(t, x.name).play(x)
}

func (r *rehearsal) leave(t *testing.T, name string) {
	r.ends[name] = r.history.sync(t, r.node)
	s := r.stage(t, name)
	s.leave()
	if err := s.gone(); err != nil {
		t.Errorf("pods of %s are left: %v", name, err)
	}
}

// settle waits until the program has emitted the last record, and ends it.
func (r *rehearsal) settle(t *testing.T) {
	t.Helper()
	r.history.sync(t, r.node)
	r.history.mu.Lock()
	var last change
	for _, c := range r.history.changes {
		if len(c.records) > 0 {
			last = c
		}
	}
	r.history.mu.Unlock()
	if last.Pod != nil {
		r.program.await(pod{last.Pod}.uid(), last.ResourceVersion)
	}
	r.program.stop()
}
