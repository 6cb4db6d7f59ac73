package timeline

import (
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline/input"
)

// MaxRecords is the maximum number of records of a timeline. It bounds its memory to some hundred bytes for each.
const MaxRecords = 4 << 20

// ErrTooMany is returned by [Builder.Add] for a record beyond [MaxRecords].
var ErrTooMany = errors.New(
	"more than 4194304 records; select some with --namespace or --pod, or by a query of the store")

// Builder collects records and makes timelines of them. It is not safe for concurrent use.
type Builder struct {
	filter  Filter
	pods    map[podKey]*story
	order   []*story
	details map[Detail]*Detail
	strings map[string]string
	records int
	lag     lag
}

// podKey identifies a pod. A cluster without a name is one of its own.
type podKey struct{ cluster, namespace, name, uid string }

// story has the records of a pod.
type story struct {
	podKey

	bundleID, bundleName, version, trace, workload string
	changes                                        []change
}

// change is a record as far as the intervals of its pod need it.
type change struct {
	received, occurred int64 // in nanoseconds since 1970; occurred is 0 if Kubernetes gave no time
	seq                uint64
	detail             *Detail
	id                 ID
	restarts           int32
	exitCode           int32
	signal             int32
	hasExitCode        bool
	initial            bool
	ending             bool // deletion was requested
}

// NewBuilder returns a builder that ignores records of pods that the filter does not select.
func NewBuilder(f Filter) *Builder {
	return &Builder{
		filter: f, pods: map[podKey]*story{}, details: map[Detail]*Detail{}, strings: map[string]string{},
	}
}

// Records returns the number of records that were added.
func (b *Builder) Records() int { return b.records }

// Add adds a record, in any order.
func (b *Builder) Add(r *input.Record) error {
	b.lag.add(r)
	if !b.filter.selectsPod(r.Namespace, r.Pod) {
		return nil
	}
	if b.records++; b.records > MaxRecords {
		return ErrTooMany
	}
	s := b.story(r)
	s.learn(b, r)
	s.changes = append(s.changes, b.change(r))
	return nil
}

func (b *Builder) story(r *input.Record) *story {
	key := podKey{r.Cluster, r.Namespace, r.Pod, r.UID}
	s := b.pods[key]
	if s == nil {
		s = &story{podKey: key}
		b.pods[key] = s
		b.order = append(b.order, s)
	}
	return s
}

// learn takes over what the pod belongs to. A record may lack it if a plugin failed.
func (s *story) learn(b *Builder, r *input.Record) {
	fill := func(field *string, value string) {
		if *field == "" && value != "" {
			*field = b.shared(value)
		}
	}
	fill(&s.bundleID, r.BundleID)
	fill(&s.bundleName, r.BundleName)
	fill(&s.version, r.BundleVersion)
	fill(&s.trace, r.TraceID)
	fill(&s.workload, r.Workload)
}

func (b *Builder) change(r *input.Record) change {
	c := change{
		received: r.Received.UnixNano(), seq: r.Seq, detail: b.detail(r),
		restarts: r.Restarts, exitCode: r.ExitCode, signal: r.Signal, hasExitCode: r.HasExitCode, initial: r.Initial,
		ending: r.Container == "" && r.Condition == "" && strings.Contains(r.Message, " is being deleted"),
	}
	if !r.OccurredAt.IsZero() {
		c.occurred = r.OccurredAt.UnixNano()
	}
	if len(r.ID) == hex.EncodedLen(len(c.id)) {
		_, _ = hex.Decode(c.id[:], []byte(r.ID))
	}
	return c
}

// detail returns the fields that many records share, the same pointer for equal ones.
func (b *Builder) detail(r *input.Record) *Detail {
	d := Detail{
		Action: r.Action, State: r.State, Level: r.Level, Phase: r.Phase, Reason: r.Reason, Info: r.Info,
		Container: r.Container, Type: r.ContainerType, Image: r.Image, Node: r.Node,
		Condition: r.Condition, ConditionStatus: r.ConditionStatus,
		Device: r.Device, DeviceHealth: r.DeviceHealth, Ready: r.Ready,
	}
	if known := b.details[d]; known != nil {
		return known
	}
	for _, s := range []*string{
		&d.Action, &d.State, &d.Level, &d.Phase, &d.Reason, &d.Info, &d.Container, &d.Type, &d.Image, &d.Node,
		&d.Condition, &d.ConditionStatus, &d.Device, &d.DeviceHealth,
	} {
		*s = b.shared(*s)
	}
	b.details[d] = &d
	return &d
}

func (b *Builder) shared(s string) string {
	if known, ok := b.strings[s]; ok {
		return known
	}
	s = strings.Clone(s)
	b.strings[s] = s
	return s
}

// fact returns the record of a change.
func (c *change) fact() Fact {
	return Fact{
		Detail: c.detail, Seq: c.seq, ID: c.id, Restarts: c.restarts,
		ExitCode: c.exitCode, HasExitCode: c.hasExitCode, Signal: c.signal,
	}
}

func fromNanos(n int64) time.Time { return time.Unix(0, n).UTC() }
