package perfetto

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// fields are the fields of a message by their numbers.
type fields map[protowire.Number][]value

type value struct {
	number uint64
	bytes  []byte
}

func decode(t *testing.T, b []byte) fields {
	t.Helper()
	all := fields{}
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		var v value
		switch kind {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(b)
		default:
			t.Fatalf("field %d has type %d", field, kind)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		all[field] = append(all[field], v)
		b = b[n:]
	}
	return all
}

func (f fields) one(field protowire.Number) value {
	if len(f[field]) == 0 {
		return value{}
	}
	return f[field][0]
}

// TestWrite decodes a trace, and finds each interval and each mark in it.
func TestWrite(t *testing.T) {
	start := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	fact := timeline.Fact{
		Detail:   &timeline.Detail{Reason: "OOMKilled", Info: "too much", Image: "app:1"},
		ExitCode: -1, HasExitCode: true, Seq: 7,
	}
	pod := &timeline.Pod{
		Namespace: "shop", Name: "cart-0",
		Row: timeline.Row{Intervals: []timeline.Interval{{Start: at(0), End: at(9), Kind: timeline.Ready, Fact: fact}}},
		Containers: []*timeline.Container{{Name: "app", Row: timeline.Row{
			Intervals: []timeline.Interval{
				{Start: at(1), End: at(3), Kind: timeline.Running, Fact: fact},
				{Start: at(3), End: at(9), Kind: timeline.Failed, Fact: fact},
			},
			Marks: []timeline.Mark{{At: at(3), Kind: timeline.Failure, Fact: fact}},
		}}},
	}
	tl := &timeline.Timeline{
		Start: start, End: at(9),
		Rollouts: []*timeline.Rollout{{Name: "cart", Version: "2", Pods: []*timeline.Pod{pod}}},
	}
	var b bytes.Buffer
	if err := Write(&b, tl); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, v := range decode(t, b.Bytes())[tracePacket] {
		packet := decode(t, v.bytes)
		if packet.one(packetSequence).number != sequence {
			t.Errorf("a packet of sequence %d", packet.one(packetSequence).number)
		}
		seconds := func(n uint64) int64 { return (int64(n) - start.UnixNano()) / 1e9 }
		switch {
		case packet[packetClockSnapshot] != nil:
			for _, c := range decode(t, packet.one(packetClockSnapshot).bytes)[snapshotClock] {
				clock := decode(t, c.bytes)
				fmt.Fprintf(&got, "clock %d at %d\n", clock.one(clockID).number, seconds(clock.one(clockTimestamp).number))
			}
		case packet[packetTrackDescriptor] != nil:
			track := decode(t, packet.one(packetTrackDescriptor).bytes)
			process, thread := decode(t, track.one(trackProcess).bytes), decode(t, track.one(trackThread).bytes)
			fmt.Fprintf(&got, "track %d of %d: process %d %s thread %d.%d %s\n", track.one(trackUUID).number,
				track.one(trackParent).number, process.one(processPID).number, process.one(processName).bytes,
				thread.one(threadPID).number, thread.one(threadTID).number, thread.one(threadName).bytes)
		default:
			event := decode(t, packet.one(packetTrackEvent).bytes)
			fmt.Fprintf(&got, "event %d on %d at %d: %s", event.one(eventType).number, event.one(eventTrack).number,
				seconds(packet.one(packetTimestamp).number), event.one(eventName).bytes)
			for _, a := range event[eventAnnotation] {
				annotation := decode(t, a.bytes)
				fmt.Fprintf(&got, " %s=%s%d", annotation.one(annotationName).bytes, annotation.one(annotationString).bytes,
					int64(annotation.one(annotationInt).number))
			}
			got.WriteString("\n")
		}
	}
	const details = " reason=OOMKilled0 info=too much0 image=app:10 exit_code=-1 seq=7\n"
	want := "clock 1 at 0\nclock 6 at 0\n" +
		"track 1 of 0: process 1 shop/cart-0 (cart 2) thread 0.0 \n" +
		"track 2 of 1: process 0  thread 1.2 pod\n" +
		"event 1 on 2 at 0: ready" + details + "event 2 on 2 at 9: \n" +
		"track 3 of 1: process 0  thread 1.3 app\n" +
		"event 1 on 3 at 1: running, not ready" + details + "event 2 on 3 at 3: \n" +
		"event 1 on 3 at 3: failed" + details + "event 2 on 3 at 9: \n" +
		"event 3 on 3 at 3: OOMKilled" + details
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}
