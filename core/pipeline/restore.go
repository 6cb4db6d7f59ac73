package pipeline

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/core/status"
)

// What the keys of the stored state begin with; behind it come namespace and
// name of a pod, and the namespace of a stream.
const (
	podPrefix    = "pod/"
	streamPrefix = "stream/"
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

// Resume is from where a stream goes on.
type Resume struct {
	// Checkpoint is the resourceVersion up to which everything is accounted for;
	// "": begin with a full list.
	Checkpoint string
	// Compare says that the checkpoint is nothing to watch from: a full list is to
	// be compared with what was told.
	Compare bool
}

// Restored says what was taken over from an earlier run.
type Restored struct {
	Pods int
	// Left is the number of pods that are not watched any more. They are
	// forgotten without a record, for nothing is known to have happened to them.
	Left int
}

// Restore takes over what an earlier run has stored, before Run: the states of
// pods and how far the streams were, for streams of these namespaces ("" for
// all). seq is the number of the last record.
func (p *Pipeline) Restore(seq uint64, stored iter.Seq2[string, []byte], namespaces []string) (Restored, error) {
	p.seq = seq
	before := make(map[string]*stream)
	for key, value := range stored {
		if err := p.restore(key, value, before); err != nil {
			return Restored{}, fmt.Errorf("stored state %q: %w", key, err)
		}
	}
	p.pods.adopt(before, namespaces, p.set.Selector)
	r := Restored{Left: p.leave(namespaces)}
	r.Pods = p.pods.count()
	p.put()
	return r, nil
}

func (p *Pipeline) restore(key string, value []byte, before map[string]*stream) error {
	if name, ok := strings.CutPrefix(key, streamPrefix); ok {
		s := &stream{}
		before[name] = s
		return json.Unmarshal(value, s)
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

// leave forgets the pods that no stream is about any more.
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

// Resume returns from where the stream of a namespace goes on.
func (p *Pipeline) Resume(namespace string) Resume {
	s := p.pods.stream(namespace)
	return Resume{Checkpoint: s.Checkpoint, Compare: s.Listing && s.Checkpoint != ""}
}

// adopt makes the streams of these namespaces from those of an earlier run, which
// may have been of others.
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

// inherit returns the stream of a namespace as an earlier run left it. What was
// watched in all namespaces is known in each of them, too; what was watched in
// some is a part of all.
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
