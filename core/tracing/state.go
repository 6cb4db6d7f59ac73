package tracing

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Prefixes of the keys of stored state; the UID of a pod follows, or a trace id.
const (
	lifePrefix    = "life/"
	rolloutPrefix = "rollout/"
)

// traceID and spanID are ids whose JSON is their hex text.
type (
	traceID trace.TraceID
	spanID  trace.SpanID
)

func (id traceID) MarshalText() ([]byte, error)  { return hex.AppendEncode(nil, id[:]), nil }
func (id *traceID) UnmarshalText(b []byte) error { return decode(id[:], b) }
func (id spanID) MarshalText() ([]byte, error)   { return hex.AppendEncode(nil, id[:]), nil }
func (id *spanID) UnmarshalText(b []byte) error  { return decode(id[:], b) }

func decode(id, text []byte) error {
	if hex.DecodedLen(len(text)) != len(id) {
		return fmt.Errorf("%q is not an id of %d bytes", text, len(id))
	}
	_, err := hex.Decode(id, text)
	return err
}

// life is a pod that starts, or is in an incident.
type life struct {
	UID       string    `json:"-"`
	Namespace string    `json:"ns"`
	Name      string    `json:"n"`
	Node      string    `json:"no,omitempty"`
	Created   time.Time `json:"c"`
	// Trace is the one of the rollout; zero until it is known.
	Trace traceID `json:"t"`
	// Joined is whether Trace is known.
	Joined bool `json:"j,omitempty"`
	// Apart is whether the start has a trace of its own, because no rollout creates the pod.
	Apart bool `json:"a,omitempty"`
	// Number is that of the pod among those of its rollout.
	Number int `json:"m,omitempty"`
	// Reason is why the pod wasn't ready when its deletion was not requested yet: afterwards, it says less.
	Reason   string    `json:"e,omitempty"`
	Incident *incident `json:"i,omitempty"`
}

// incident is the time in which a pod that was ready is not.
type incident struct {
	Since     time.Time `json:"s"`
	Container string    `json:"c,omitempty"`
	Run       int64     `json:"r"`
	Error     string    `json:"e"`
}

// rollout is the rollout of a version of a bundle.
type rollout struct {
	Trace   traceID   `json:"-"`
	Parent  spanID    `json:"p"`
	Bundle  string    `json:"b,omitempty"`
	Name    string    `json:"n,omitempty"`
	Version string    `json:"v,omitempty"`
	Started time.Time `json:"s,omitzero"`
	Created time.Time `json:"c,omitzero"` // when its last pod was received
	Last    time.Time `json:"l,omitzero"` // the end of its last span
	Seen    int       `json:"a,omitempty"`
	Ready   int       `json:"r,omitempty"`
	Failed  int       `json:"f,omitempty"`
	Unready int       `json:"u,omitempty"` // that are starting
	Error   string    `json:"e,omitempty"` // the last reason of a failure
	Ended   time.Time `json:"d,omitzero"`  // zero: it goes on
}

func (r *rollout) active() bool { return r.Ended.IsZero() }

// Restore takes a stored entry. ok is false if it is not of a Tracker.
func (t *Tracker) Restore(key string, value []byte) (ok bool, err error) {
	if uid, ok := strings.CutPrefix(key, lifePrefix); ok {
		l := &life{UID: uid}
		t.lives[uid] = l
		return true, json.Unmarshal(value, l)
	}
	id, ok := strings.CutPrefix(key, rolloutPrefix)
	if !ok {
		return false, nil
	}
	r := &rollout{}
	err = errors.Join(r.Trace.UnmarshalText([]byte(id)), json.Unmarshal(value, r))
	t.rollouts[r.Trace] = r
	if r.active() {
		t.active++
	}
	return true, err
}

// IsStored reports whether a key of stored state belongs to a Tracker.
func IsStored(key string) bool {
	return strings.HasPrefix(key, lifePrefix) || strings.HasPrefix(key, rolloutPrefix)
}

// Changes returns the state that changed since the last call, by key. A value of nil: the entry is gone.
func (t *Tracker) Changes() map[string][]byte {
	changes := make(map[string][]byte, len(t.dirtyLives)+len(t.dirtyRollouts))
	for uid := range t.dirtyLives {
		var value []byte
		if l := t.lives[uid]; l != nil {
			value = encode(l)
		}
		changes[lifePrefix+uid] = value
	}
	for id := range t.dirtyRollouts {
		var value []byte
		if r := t.rollouts[id]; r != nil {
			value = encode(r)
		}
		changes[rolloutPrefix+trace.TraceID(id).String()] = value
	}
	clear(t.dirtyLives)
	clear(t.dirtyRollouts)
	return changes
}

// encode returns an entry, nil if JSON has no form for its times.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}
