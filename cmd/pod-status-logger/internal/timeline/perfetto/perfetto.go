// Package perfetto writes timelines as traces for https://ui.perfetto.dev: a process for each pod, a thread for each
// container.
package perfetto

import (
	"io"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// Numbers of fields in perfetto's trace.proto and the messages in it.
const (
	tracePacket protowire.Number = 1

	packetClockSnapshot   protowire.Number = 6
	packetTimestamp       protowire.Number = 8
	packetSequence        protowire.Number = 10
	packetTrackEvent      protowire.Number = 11
	packetTrackDescriptor protowire.Number = 60

	snapshotClock  protowire.Number = 1
	clockID        protowire.Number = 1
	clockTimestamp protowire.Number = 2

	trackUUID    protowire.Number = 1
	trackName    protowire.Number = 2
	trackProcess protowire.Number = 3
	trackThread  protowire.Number = 4
	trackParent  protowire.Number = 5

	processPID  protowire.Number = 1
	processName protowire.Number = 6

	threadPID  protowire.Number = 1
	threadTID  protowire.Number = 2
	threadName protowire.Number = 5

	eventAnnotation protowire.Number = 4
	eventType       protowire.Number = 9
	eventTrack      protowire.Number = 11
	eventCategory   protowire.Number = 22
	eventName       protowire.Number = 23

	annotationInt    protowire.Number = 4
	annotationString protowire.Number = 6
	annotationName   protowire.Number = 10
)

// Types of track events.
const (
	sliceBegin = 1
	sliceEnd   = 2
	instant    = 3
)

// Clocks of a trace. Perfetto shows times of the boot clock; the snapshot makes it the time of day.
const (
	clockRealtime = 1
	clockBoottime = 6
)

// sequence is the id of the only writer of packets.
const sequence = 1

// writer writes packets.
type writer struct {
	to  io.Writer
	err error
	id  uint64 // of the last process or thread
}

// Write writes the trace of a timeline.
func Write(to io.Writer, t *timeline.Timeline) error {
	w := &writer{to: to}
	w.clock(t.Start)
	for _, r := range t.Rollouts {
		for _, p := range r.Pods {
			w.pod(r, p)
		}
	}
	return w.err
}

func (w *writer) packet(fields ...[]byte) {
	if w.err != nil {
		return
	}
	_, w.err = w.to.Write(message(tracePacket, append(fields, number(packetSequence, sequence))...))
}

func (w *writer) clock(start time.Time) {
	clock := func(id uint64) []byte {
		return message(snapshotClock, number(clockID, id), number(clockTimestamp, nanos(start)))
	}
	w.packet(number(packetTimestamp, nanos(start)),
		message(packetClockSnapshot, clock(clockRealtime), clock(clockBoottime)))
}

func (w *writer) pod(r *timeline.Rollout, p *timeline.Pod) {
	w.id++
	pid := w.id
	name := p.Namespace + "/" + p.Name
	if r.Name != "" {
		name += " (" + r.Name + " " + r.Version + ")"
	}
	w.packet(message(packetTrackDescriptor, number(trackUUID, pid),
		message(trackProcess, number(processPID, pid), text(processName, name))))
	w.thread(pid, "pod", &p.Row)
	for _, c := range p.Containers {
		w.thread(pid, c.Name, &c.Row)
	}
}

// thread writes a row.
func (w *writer) thread(pid uint64, name string, row *timeline.Row) {
	w.id++
	track := w.id
	w.packet(message(packetTrackDescriptor, number(trackUUID, track), number(trackParent, pid), text(trackName, name),
		message(trackThread, number(threadPID, pid), number(threadTID, track), text(threadName, name))))
	for i := range row.Intervals {
		v := &row.Intervals[i]
		w.event(v.Start, sliceBegin, track, v.Kind.String(), annotations(&v.Fact)...)
		w.event(v.End, sliceEnd, track, "")
	}
	for i := range row.Marks {
		m := &row.Marks[i]
		name := m.Reason
		if name == "" {
			name = m.Kind.String()
		}
		w.event(m.At, instant, track, name, annotations(&m.Fact)...)
	}
}

func (w *writer) event(at time.Time, kind, track uint64, name string, more ...[]byte) {
	fields := append([][]byte{number(eventType, kind), number(eventTrack, track)}, more...)
	if name != "" {
		fields = append(fields, text(eventName, name), text(eventCategory, "pod"))
	}
	w.packet(number(packetTimestamp, nanos(at)), message(packetTrackEvent, fields...))
}

// annotations returns the fields of a record that the details of an event show.
func annotations(f *timeline.Fact) (all [][]byte) {
	add := func(name, value string) {
		if value != "" {
			all = append(all, message(eventAnnotation, text(annotationName, name), text(annotationString, value)))
		}
	}
	add("reason", f.Reason)
	add("info", f.Info)
	add("image", f.Image)
	add("node", f.Node)
	add("condition", f.Condition)
	if f.HasExitCode {
		code := uint64(int64(f.ExitCode)) //nolint:gosec // a varint of two's complement
		all = append(all, message(eventAnnotation, text(annotationName, "exit_code"), number(annotationInt, code)))
	}
	if f.Seq != 0 {
		all = append(all, message(eventAnnotation, text(annotationName, "seq"), number(annotationInt, f.Seq)))
	}
	return all
}

func nanos(t time.Time) uint64 { return uint64(max(t.UnixNano(), 0)) }

func number(field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), v)
}

func text(field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), s)
}

func message(field protowire.Number, fields ...[]byte) []byte {
	size := 0
	for _, f := range fields {
		size += len(f)
	}
	b := protowire.AppendTag(make([]byte, 0, size+12), field, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(size))
	for _, f := range fields {
		b = append(b, f...)
	}
	return b
}
