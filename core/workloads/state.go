package workloads

import (
	"encoding/binary"
	"errors"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/workloadwire"
)

// State is the last emitted state of a workload, as stored: some 200 bytes and one pointer. The
// zero value is that of none.
type State struct{ packed string }

// stateFormat is the first byte of a stored state.
const stateFormat = 1

// view is a state taken apart. Its strings share the state's memory.
type view struct {
	uid, version string
	revision     string // of the last rollout that has started; "": unknown
	status       record.RolloutStatus
	conditions   []condition
}

type condition struct{ typ, status, reason string }

func (c *condition) equals(now *workloadwire.Condition) bool {
	return c.status == now.Status && c.reason == now.Reason
}

// stateOf returns the state of a workload whose rollout has come that far.
func stateOf(w *workloadwire.Workload, revision string, status record.RolloutStatus) State {
	b := append(make([]byte, 0, 256), stateFormat, byte(status))
	b = appendString(b, string(w.UID), w.ResourceVersion, revision)
	for i := range w.Status.Conditions {
		c := &w.Status.Conditions[i]
		b = appendString(b, c.Type, c.Status, c.Reason)
	}
	return State{string(b)}
}

func appendString(b []byte, all ...string) []byte {
	for _, s := range all {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// ParseState reads a stored state.
func ParseState(value []byte) (State, error) {
	s := State{string(value)}
	if _, ok := s.view(); !ok {
		return State{}, errors.New("parse state of a workload: it is damaged or of a newer version")
	}
	return s, nil
}

// Stored returns the state as it is stored.
func (s State) Stored() []byte { return []byte(s.packed) }

// Known reports whether the state is that of this version of the workload.
func (s State) Known(w *workloadwire.Workload) bool {
	v, _ := s.view()
	return v.uid == string(w.UID) && v.version == w.ResourceVersion
}

// view takes the state apart. ok is false if it is damaged.
func (s State) view() (v view, ok bool) {
	const head = 2
	if len(s.packed) < head || s.packed[0] != stateFormat {
		return view{}, false
	}
	v.status = record.RolloutStatus(s.packed[1])
	rest := s.packed[head:]
	if v.status > record.Failed || !cut(&rest, &v.uid, &v.version, &v.revision) {
		return view{}, false
	}
	for rest != "" {
		var c condition
		if !cut(&rest, &c.typ, &c.status, &c.reason) {
			return view{}, false
		}
		v.conditions = append(v.conditions, c)
	}
	return v, true
}

// cut removes strings that appendString has appended.
func cut(rest *string, all ...*string) bool {
	for _, s := range all {
		n, used := binary.Uvarint([]byte((*rest)[:min(len(*rest), binary.MaxVarintLen64)]))
		if used <= 0 || n > uint64(len((*rest)[used:])) {
			return false
		}
		end := used + int(n) //nolint:gosec // no more than the length
		*s, *rest = (*rest)[used:end], (*rest)[end:]
	}
	return true
}
