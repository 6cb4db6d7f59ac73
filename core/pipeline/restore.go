package pipeline

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/status"
)

// Prefixes of the keys of stored states. Namespace and name of a pod follow, or the
// namespace of a stream.
const (
	podPrefix    = "pod/"
	streamPrefix = "stream/"
	// Those of Events, and of their streams.
	eventPrefix       = "event/"
	eventStreamPrefix = "events/"
	// Those of workloads, by resource, and of their streams.
	workloadPrefix       = "workload/"
	workloadStreamPrefix = "workloads/"
)

func (n podName) key() string { return podPrefix + n.namespace.Value() + "/" + n.name }

func (s *stream) encode() []byte {
	s.changed = false
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and booleans only
	}
	return b
}

// Resume is where a stream resumes.
type Resume struct {
	// Checkpoint is the resourceVersion up to which everything is accounted for;
	// "": begin with a full list.
	Checkpoint string
	// Compare is whether the stream can't watch from the checkpoint, but has to
	// compare a full list with the states.
	Compare bool
}

// Restored counts the pods of an earlier run.
type Restored struct {
	Pods int
	// Left is the number of pods that are no longer watched. Their states are dropped without a
	// record, because no change of them was observed.
	Left int
}

// Restore restores what an earlier run has stored: the states of pods and the progress
// of the streams of these namespaces ("" for all). seq is the number of the last
// record. Call it before Run.
func (p *Pipeline) Restore(seq uint64, stored iter.Seq2[string, []byte], namespaces []string) (Restored, error) {
	p.seq = seq
	before := make(map[string]*stream)
	for key, value := range stored {
		if err := p.restore(key, value, before); err != nil {
			return Restored{}, fmt.Errorf("stored state %q: %w", key, err)
		}
	}
	p.pods.adopt(before, namespaces, p.set.Selector)
	p.adoptEvents(namespaces)
	p.adoptWorkloads(namespaces)
	r := Restored{Left: p.leave(namespaces)}
	r.Pods = p.pods.count()
	p.commitLater()
	return r, nil
}

func (p *Pipeline) restore(key string, value []byte, before map[string]*stream) error {
	if name, ok := strings.CutPrefix(key, streamPrefix); ok {
		s := &stream{}
		before[name] = s
		return json.Unmarshal(value, s)
	}
	if strings.HasPrefix(key, eventPrefix) || strings.HasPrefix(key, eventStreamPrefix) {
		return p.restoreEvents(key, value)
	}
	if strings.HasPrefix(key, workloadPrefix) || strings.HasPrefix(key, workloadStreamPrefix) {
		return p.restoreWorkload(key, value)
	}
	if ok, err := p.restoreSpans(key, value); ok {
		return err
	}
	if !strings.HasPrefix(key, podPrefix) {
		return fmt.Errorf("neither %s nor %s", podPrefix, streamPrefix)
	}
	state, err := status.ParseState(value)
	if err != nil {
		return err
	}
	p.pods.states[nameOfState(state)] = known{state: state}
	return nil
}

// leave forgets the pods that no stream watches any more.
func (p *Pipeline) leave(namespaces []string) (left int) {
	if slices.Contains(namespaces, "") {
		return 0
	}
	for name, k := range p.pods.states {
		if !slices.Contains(namespaces, k.state.Namespace()) {
			delete(p.pods.states, name)
			p.group.pods[name] = nil
			left++
		}
	}
	return left
}

// Resume returns where the stream of a namespace resumes.
func (p *Pipeline) Resume(namespace string) Resume { return p.pods.stream(namespace).resume() }

// ResumeEvents returns where the stream of a namespace's Events resumes.
func (p *Pipeline) ResumeEvents(namespace string) Resume { return p.events.stream(namespace).resume() }

// ResumeWorkloads returns where the stream of a namespace's workloads of a resource resumes.
func (p *Pipeline) ResumeWorkloads(resource, namespace string) Resume {
	return p.workloads.stream(resource, namespace).resume()
}

func (s *stream) resume() Resume {
	return Resume{Checkpoint: s.Checkpoint, Compare: s.Listing && s.Checkpoint != ""}
}

// adopt makes the streams of these namespaces from those of an earlier run, which may
// have watched others.
func (p *pods) adopt(before map[string]*stream, namespaces []string, selector string) {
	for _, ns := range namespaces {
		p.streams[ns] = inherit(before, ns, selector)
	}
	for name := range before {
		if !slices.Contains(namespaces, name) {
			p.retired = append(p.retired, name)
		}
	}
}

// inherit returns the stream of a namespace as an earlier run left it. A stream of all
// namespaces covers each of them; streams of some namespaces cover a part of all.
func inherit(before map[string]*stream, namespace, selector string) *stream {
	s := before[namespace]
	if s == nil {
		s = before[""]
	}
	if s == nil {
		s = &stream{}
		for name := range before {
			if namespace == "" && before[name].covers(name) {
				s.Covered = append(s.Covered, name)
			}
		}
	}
	own := *s
	own.changed = true
	if own.Selector != selector {
		own.Selector, own.Listing = selector, true
	}
	return &own
}
