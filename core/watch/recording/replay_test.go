package recording_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/watch/recording"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

func recordedPod(name string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q,"namespace":"shop","resourceVersion":"7"}}`,
		name)
}

func recorded(kind, name string) string {
	return fmt.Sprintf(`{"type":%q,"object":%s}`, kind, recordedPod(name))
}

func TestReplay(t *testing.T) {
	const a, b = "added shop/a @7", "added shop/b @7"
	added := func(name string) string { return recorded("ADDED", name) }
	pretty := "{\n    \"type\": \"ADDED\",\n    \"object\": {\n        \"apiVersion\": \"v1\",\n        \"kind\": " +
		"\"Pod\",\n" +
		"        \"metadata\": {\n            \"name\": \"a\",\n            \"namespace\": \"shop\",\n            " +
		"\"resourceVersion\": \"7\"\n        }\n    }\n}\n"
	for name, c := range map[string]struct {
		in   string
		want []string
		bad  []string // line: message
	}{
		"nothing":     {in: ""},
		"blank lines": {in: "\n \t\r\n\n"},
		"one per line": {
			in:   added("a") + "\n" + recorded("MODIFIED", "a") + "\n" + recorded("DELETED", "a") + "\n",
			want: []string{a, "modified shop/a @7", "deleted shop/a @7"},
		},
		"CRLF":            {in: added("a") + "\r\n\r\n" + added("b") + "\r\n", want: []string{a, b}},
		"no line end":     {in: added("a"), want: []string{a}},
		"byte order mark": {in: "\uFEFF" + added("a") + "\n", want: []string{a}},
		"concatenated":    {in: added("a") + added("b") + "  " + added("a"), want: []string{a, b, a}},
		"pretty":          {in: pretty + pretty, want: []string{a, a}},
		"pretty, CRLF":    {in: strings.ReplaceAll(pretty, "\n", "\r\n") + added("b"), want: []string{a, b}},
		"braces in strings": {
			in:   `{"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop","resourceVersion":"7","annotations":{"x":"}}\"{\\"}}}}` + added("b"),
			want: []string{a, b},
		},
		"invalid UTF-8": {
			in: strings.Replace(added("a"), `"v1"`, `"v1","x":"`+"\xff\xfe"+`"`, 1), want: []string{a},
		},
		"unknown fields": {
			in: strings.Replace(added("a"), `"kind"`, `"more":{"x":[1,{}]},"kind"`, 1), want: []string{a},
		},
		"written by hand, without kind": {
			in: strings.Replace(added("a"), `"apiVersion":"v1","kind":"Pod",`, "", 1), want: []string{a},
		},
		"pod without a name": {
			in: `{"type":"ADDED","object":{}}`, bad: []string{"1: the pod has no metadata.name"},
		},
		"bookmarks": {in: recorded("BOOKMARK", "a") + "\n" + added("b"), want: []string{b}},
		"cut short, then goes on": {
			in:   added("a") + "\n" + added("b")[:50] + "\n" + added("b") + "\n",
			want: []string{a, b},
			bad:  []string{"2: the JSON object is not complete"},
		},
		"pretty and cut short": {
			in:   pretty[:90] + "\n" + pretty,
			want: []string{a},
			bad:  []string{"1: the JSON object is not complete"},
		},
		"ends within an object": {in: "\n" + added("a")[:40], bad: []string{"2: the JSON object is not complete"}},
		"text between": {
			in:   added("a") + "\nerror: connection lost\nretrying\n" + added("b"),
			want: []string{a, b},
			bad:  []string{"2: not a JSON object"},
		},
		"text at the end": {in: added("a") + " xyz", want: []string{a}, bad: []string{"1: not a JSON object"}},
		"invalid JSON": {
			in:   `{"type":"ADDED",}` + "\n" + added("b"),
			want: []string{b},
			bad:  []string{`1: invalid JSON at byte 17: invalid character '}' looking for beginning of object key string`},
		},
		"invalid JSON, pretty": {
			in:   strings.Replace(pretty, ",\n", "\n", 1) + added("b"),
			want: []string{b},
			bad:  []string{`1: invalid JSON at byte 27: invalid character '"' after object key:value pair`},
		},
		"ERROR event": {
			in:  `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","message":"too old resource version: 1 (2)","code":410}}`,
			bad: []string{"1: the recording contains an ERROR event: too old resource version: 1 (2)"},
		},
		"ERROR event without a message": {in: `{"type":"ERROR"}`, bad: []string{"1: the recording contains an ERROR event"}},
		"unknown type":                  {in: recorded("RENAMED", "a"), bad: []string{`1: unknown event type "RENAMED"`}},
		"bare pod": {
			in: recordedPod("a"), bad: []string{"1: a Pod and not a watch event: record with kubectl's --output-watch-events"},
		},
		"list": {
			in:  `{"apiVersion":"v1","kind":"List","items":[` + recordedPod("a") + `]}`,
			bad: []string{"1: a List and not a watch event: record with kubectl's --output-watch-events"},
		},
		"some object": {in: `{"hello":"world"}`, bad: []string{`1: not a watch event: no "type"`}},
		"no pod": {
			in:  `{"type":"ADDED","object":{"apiVersion":"apps/v1","kind":"Deployment"}}`,
			bad: []string{`1: the object is a "apps/v1" "Deployment", not a v1 Pod`},
		},
		"no object": {in: `{"type":"ADDED"}`, bad: []string{"1: the event has no object"}},
		"object no object": {
			in:  `{"type":"ADDED","object":5}`,
			bad: []string{"1: decode event: json: cannot unmarshal number into Go value of type v1.TypeMeta"},
		},
		"type no string": {
			in:  `{"type":5}`,
			bad: []string{"1: decode event: json: cannot unmarshal number into Go struct field recorded.type of type string"},
		},
		"pod with a field of the wrong type": {
			in: `{"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":5}}}`,
			bad: []string{
				"1: decode pod: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, bad := replay(t, strings.NewReader(c.in))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.bad, bad); diff != "" {
				t.Errorf("bad entries (-want +got):\n%s", diff)
			}
		})
	}
}

func line(ev watch.Event) string {
	meta := ev.Object.GetObjectMeta()
	return fmt.Sprintf("%s %s/%s @%s", ev.Kind, meta.GetNamespace(), meta.GetName(), ev.ResourceVersion)
}

// replay returns the events and bad entries of r, which must end.
func replay(t *testing.T, r io.Reader) (events, bad []string) {
	t.Helper()
	out, done := make(chan watch.Event), make(chan error, 1)
	go func() {
		defer close(out)
		done <- recording.Replay(t.Context(), r, out, func(line int, err error) {
			bad = append(bad, fmt.Sprintf("%d: %v", line, err))
		})
	}()
	for ev := range out {
		if ev.Received.IsZero() || ev.Stream != "" {
			t.Errorf("event %s was received %v from stream %q", line(ev), ev.Received, ev.Stream)
		}
		events = append(events, line(ev))
	}
	if err := <-done; err != nil {
		t.Errorf("Replay: %v", err)
	}
	return events, bad
}

func TestReplayTakesLongLines(t *testing.T) {
	long := strings.Replace(recorded("ADDED", "a"), `"metadata":{`,
		`"metadata":{"annotations":{"x":"`+strings.Repeat("y", 3<<20)+`"},`, 1)
	got, bad := replay(t, strings.NewReader(long+"\n"+recorded("ADDED", "b")))
	if diff := cmp.Diff([]string{"added shop/a @7", "added shop/b @7"}, got); diff != "" || bad != nil {
		t.Errorf("bad: %v, events (-want +got):\n%s", bad, diff)
	}
}

func TestReplayWithoutBad(t *testing.T) {
	if err := recording.Replay(t.Context(), strings.NewReader("nonsense"), nil, nil); err != nil {
		t.Errorf("Replay: %v", err)
	}
}

func TestReplayReturnsReadError(t *testing.T) {
	broken := errors.New("disk on fire")
	r := io.MultiReader(strings.NewReader(`{"type":`), errReader{broken})
	var bad []int
	err := recording.Replay(t.Context(), r, nil, func(line int, _ error) { bad = append(bad, line) })
	if !errors.Is(err, broken) {
		t.Errorf("Replay returned %v, want %v", err, broken)
	}
	if diff := cmp.Diff([]int{1}, bad); diff != "" {
		t.Errorf("lines of bad entries (-want +got):\n%s", diff)
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

func TestReplayObeysContext(t *testing.T) {
	quiet, w := io.Pipe()
	defer w.Close() // lets the copying goroutine end
	for name, r := range map[string]io.Reader{
		"while the input blocks":  quiet,
		"while the reader blocks": strings.NewReader(recorded("ADDED", "a") + recorded("ADDED", "b")),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- recording.Replay(ctx, r, make(chan watch.Event), nil) }()
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Replay returned %v, want %v", err, context.Canceled)
				}
			case <-time.After(wait.Patience):
				t.Fatal("Replay did not return")
			}
		})
	}
}
