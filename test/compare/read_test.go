package compare

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/pod-status-logger/pod-status-logger/core/otlp/otlptest"
	statev1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/state/v1"
)

// object is decoded JSON.
type object = map[string]any

// record is an emitted record, without the time at which the event was received.
type record struct {
	id     string // record_id
	seq    any
	text   string // as it was emitted, but for times of receipt and the number
	fields object // without those
}

// times are the times of receipt, on stdout and in OTLP's JSON.
var (
	times   = regexp.MustCompile(`"(time|timeUnixNano|observedTimeUnixNano)":\s*"[^"]*"`)
	numbers = regexp.MustCompile(`"seq":\d+`)
)

func fromStdout(t *testing.T, path string) (records []record) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var fields object
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("stdout: %v: %s", err, line)
		}
		id, _ := fields["record_id"].(string)
		seq := fields["seq"]
		delete(fields, "time")
		delete(fields, "seq")
		text := times.ReplaceAllString(numbers.ReplaceAllString(line, `"seq":SEQ`), `"$1":"TIME"`)
		records = append(records, record{id, seq, text, fields})
	}
	return records
}

func fromOTLP(t *testing.T, requests []otlptest.Request) (records []record) {
	t.Helper()
	for _, request := range requests {
		for _, logs := range request.Logs {
			resource := attributes(t, logs.GetResource())
			for _, scope := range logs.GetScopeLogs() {
				for _, log := range scope.GetLogRecords() {
					fields := attributes(t, log)
					fields["scope"], fields["resource"] = attributes(t, scope.GetScope()), resource
					id, _ := plain(fields["log.record.uid"]).(string)
					seq := plain(fields["podstatus.seq"])
					delete(fields, "timeUnixNano")
					delete(fields, "observedTimeUnixNano")
					delete(fields, "podstatus.seq")
					text, err := json.Marshal(fields)
					if err != nil {
						t.Fatal(err)
					}
					records = append(records, record{id, seq, string(text), fields})
				}
			}
		}
	}
	return records
}

// attributes returns a message as an object in which each attribute is a field of its own.
func attributes(t *testing.T, m proto.Message) object {
	t.Helper()
	b, err := protojson.Marshal(m)
	var fields object
	if err == nil {
		err = json.Unmarshal(b, &fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	list, _ := fields["attributes"].([]any)
	delete(fields, "attributes")
	for _, kv := range list {
		fields[kv.(object)["key"].(string)] = kv.(object)["value"]
	}
	return fields
}

// plain returns the value of an attribute.
func plain(value any) any {
	if attribute, ok := value.(object); ok && len(attribute) == 1 {
		for _, v := range attribute {
			return v
		}
	}
	return value
}

// distinct returns the records without those that came again, which it counts.
func distinct(records []record, repeated *int) (first []record) {
	seen := make(map[string]bool, len(records))
	for _, r := range records {
		if seen[r.id] {
			if repeated != nil {
				*repeated++
			}
			continue
		}
		seen[r.id] = true
		first = append(first, r)
	}
	return first
}

// statesIn returns the content of the bucket of states of the journal in the folder.
func statesIn(t *testing.T, dir string) map[string]object {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "journal.db"), 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	states := make(map[string]object)
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("state")).ForEach(func(key, value []byte) error {
			states[string(key)] = decoded(value)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// decoded returns a stored value: the state of a pod, JSON, or bytes.
func decoded(value []byte) object {
	const checksum = 1 + 4
	var fields object
	if json.Unmarshal(value, &fields) == nil {
		return fields
	}
	if n := len(value) - checksum; n > 0 && value[n] == 15<<3|5 {
		var m statev1.PodState
		if m.UnmarshalVT(value[:n]) == nil {
			return stateFields(&m)
		}
	}
	return object{"bytes": hex.EncodeToString(value), "length": binary.Size(value)}
}

func stateFields(m *statev1.PodState) object {
	fields := object{
		"uid": m.Uid, "name": m.Name, "version": m.ResourceVersion, "node": m.Node, "phase": m.Phase, "reason": m.Reason,
		"labels": strings.Join(m.Labels, ","), "annotations": strings.Join(m.Annotations, ","), "message": m.MessageHash,
		"conditionsHash": m.ConditionsHash, "conditions": fmt.Sprint(m.Conditions), "grace": m.GraceSeconds != nil,
		"graceSeconds": m.GetGraceSeconds(), "owner": m.Owner.String(),
	}
	for _, c := range m.Containers {
		fields["container "+c.Name] = c.String()
	}
	return fields
}
