package pipeline

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/workloads"
)

// unstored returns the number of workloads to be stored.
func (l *workloadLog) unstored() int {
	if l == nil {
		return 0
	}
	return len(l.changed)
}

// store adds the workloads and checkpoints that changed, unless state is nil: nothing is
// stored.
func (l *workloadLog) store(state map[string][]byte) {
	if l == nil {
		return
	}
	if state != nil {
		for key := range l.changed {
			state[workloadPrefix+key] = nil
			if k, ok := l.states[key]; ok {
				state[workloadPrefix+key] = k.state.Stored()
			}
		}
		for name, s := range l.streams {
			if s.changed {
				state[workloadStreamPrefix+name] = s.encode()
			}
		}
	}
	clear(l.changed)
}

// adoptWorkloads makes the streams of these namespaces from those of an earlier run, which may
// have watched others, and forgets the workloads that no stream watches any more.
func (p *Pipeline) adoptWorkloads(namespaces []string) {
	l := p.workloads
	if l == nil {
		return
	}
	stored := l.streams
	l.streams = map[string]*stream{}
	for resource := range l.resources {
		before := map[string]*stream{}
		for name, s := range stored {
			if ns, ok := strings.CutPrefix(name, resource+"/"); ok {
				before[ns] = s
			}
		}
		for _, ns := range namespaces {
			l.streams[streamOf(resource, ns)] = inherit(before, ns, l.rules.String())
		}
	}
	for name := range stored {
		if l.streams[name] == nil {
			p.group.forgotten = append(p.group.forgotten, workloadStreamPrefix+name)
		}
	}
	for key := range l.states {
		resource, rest, _ := strings.Cut(key, "/")
		ns, _, _ := strings.Cut(rest, "/")
		if !l.resources[resource] || !slices.Contains(namespaces, "") && !slices.Contains(namespaces, ns) {
			l.forget(key)
		}
	}
}

// restoreWorkload restores the stored state of a workload, or the progress of a stream of
// workloads.
func (p *Pipeline) restoreWorkload(key string, value []byte) error {
	if p.workloads == nil {
		p.group.forgotten = append(p.group.forgotten, key)
		return nil
	}
	if name, ok := strings.CutPrefix(key, workloadStreamPrefix); ok {
		s := &stream{}
		p.workloads.streams[name] = s
		return json.Unmarshal(value, s)
	}
	state, err := workloads.ParseState(value)
	if err != nil {
		return err
	}
	p.workloads.states[strings.TrimPrefix(key, workloadPrefix)] = knownWorkload{state: state}
	return nil
}
