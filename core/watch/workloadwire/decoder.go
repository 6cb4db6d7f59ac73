package workloadwire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

// The constants in this package that name a message and one of its fields are the field's
// number in generated.proto of k8s.io/api/apps/v1, batch/v1 and core/v1, and of
// k8s.io/apimachinery/pkg/apis/meta/v1. TestEachField holds them to the generated code.
const (
	workloadMetadata = 1
	workloadSpec     = 2
	workloadStatus   = 3

	templateMetadata = 1
)

// Decoder decodes workloads of one kind, and shares the strings that many of them have in
// common. Not safe for concurrent use. Make one with [NewDecoder].
type Decoder struct {
	kind    kind
	strings *wire.Strings
	wanted  map[string]bool // annotations
}

// NewDecoder returns a decoder of Deployments, StatefulSets, DaemonSets or Jobs, which
// reads those annotations that have one of these keys.
func NewDecoder(kindName string, annotations []string) *Decoder {
	d := &Decoder{kindOf(kindName), wire.NewStrings(), make(map[string]bool, len(annotations))}
	for _, key := range annotations {
		d.wanted[key] = true
	}
	return d
}

// New returns memory for [Decoder.Decode].
func (d *Decoder) New() *Workload { return &Workload{Kind: d.kind.name} }

// Decode reads a workload from message, such as a k8s.io.api.apps.v1.Deployment, and
// shares no memory with it. The content of into, which comes from New, is replaced.
//
// A message that is unusual in any way is left to the generated code.
func (d *Decoder) Decode(message []byte, into *Workload) error {
	into.reset()
	if d.workload(message, into) {
		return nil
	}
	object := d.kind.newObject()
	if err := object.Unmarshal(message); err != nil {
		return err
	}
	w, ok := d.Convert(object)
	if !ok {
		return fmt.Errorf("decode %s: got a %T", d.kind.name, object)
	}
	*into = w
	return nil
}

func (d *Decoder) workload(message []byte, w *Workload) bool {
	r := wire.NewReader(message)
	for r.Next() {
		switch r.Field {
		case workloadMetadata:
			r.Require(d.meta(r.Bytes(), &w.ObjectMeta))
		case workloadSpec:
			r.Require(d.kind.spec(d, r.Bytes(), w))
		case workloadStatus:
			r.Require(d.kind.status(d, r.Bytes(), &w.Status))
		}
	}
	return r.OK()
}

// template reads the metadata of a pod template.
func (d *Decoder) template(message []byte, t *Template) bool {
	r := wire.NewReader(message)
	for r.Next() {
		if r.Field == templateMetadata {
			meta := metav1.ObjectMeta{Labels: t.Labels, Annotations: t.Annotations}
			r.Require(d.meta(r.Bytes(), &meta))
			t.Labels, t.Annotations = meta.Labels, meta.Annotations
		}
	}
	return r.OK()
}

// conditionFields are the numbers of the fields of a kind's conditions; 0: there is none.
type conditionFields struct{ reason, message, transition, update protowire.Number }

const (
	conditionType   = 1
	conditionStatus = 2
)

func (d *Decoder) condition(message []byte, s *Status) bool {
	var c Condition
	var transition, update metav1.Time
	r, fields := wire.NewReader(message), d.kind.conditions
	for r.Next() {
		switch r.Field {
		case conditionType:
			c.Type = d.string(&r)
		case conditionStatus:
			c.Status = d.string(&r)
		case fields.reason:
			c.Reason = d.string(&r)
		case fields.message:
			c.Message = string(r.Bytes())
		case fields.transition:
			r.Require(wire.Time(r.Bytes(), &transition))
		case fields.update:
			r.Require(wire.Time(r.Bytes(), &update))
		}
	}
	c.Changed = later(transition, update)
	s.Conditions = append(s.Conditions, c)
	return r.OK()
}

// string returns a value that many workloads may have in common.
func (d *Decoder) string(r *wire.Reader) string { return d.strings.Intern(r.Bytes()) }

func number32(r *wire.Reader) int32 { return int32(r.Varint()) } //nolint:gosec // that is how it is encoded

func number64(r *wire.Reader) int64 { return int64(r.Varint()) } //nolint:gosec // likewise
