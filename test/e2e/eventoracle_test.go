//go:build e2e

package e2e

import (
	"encoding/json"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// eventsIn returns the news in etcd's history of Events, by resourceVersion: an Event that is
// new, or whose count has reached the next power of two.
func eventsIn(t *testing.T, history []byte) map[string]object {
	t.Helper()
	news, reached := map[string]object{}, map[string]int{}
	for line := range strings.Lines(string(history)) {
		var c struct {
			Type            string
			ResourceVersion string `json:"resource_version"`
			Event           object
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("history: %v", err)
		}
		if c.Type == "DELETED" || !causesRecords(c.Event) {
			continue
		}
		uid, power := text(c.Event, "metadata", "uid"), bits.Len(uint(times(c.Event)))
		if power > reached[uid] {
			reached[uid], news[c.ResourceVersion] = power, c.Event
		}
	}
	return news
}

// causesRecords reports whether records of an Event are to be emitted.
func causesRecords(e object) bool {
	return slices.Contains([]string{
		"Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "HorizontalPodAutoscaler",
	}, text(e, "involvedObject", "kind")) &&
		!slices.Contains([]string{"Scheduled", "Created", "Started", "SuccessfulCreate", "SuccessfulDelete"},
			text(e, "reason"))
}

// times returns how often an Event has happened.
func times(e object) int {
	n, _ := e["count"].(float64)
	series, _ := at(e, "series")["count"].(float64)
	return int(max(n, series, 1))
}

// stories are the records of pods, without those of Events.
type stories struct {
	origins map[string]object  // of each pod, by UID
	ends    map[string]float64 // seq of the deletion, by UID
	apps    map[string]object  // the origin of the pods of an app
}

func storiesOf(lines []object) stories {
	s := stories{map[string]object{}, map[string]float64{}, map[string]object{}}
	for _, rec := range lines {
		uid := text(rec, "pod_uid")
		if action := text(rec, "action"); uid == "" || action == "event" {
			continue
		} else if action == "delete" {
			s.ends[uid], _ = rec["seq"].(float64)
		}
		if text(rec, "enrichment") == "" {
			s.origins[uid] = origin(rec)
			s.apps[text(rec, "app")] = without(origin(rec), "span_id")
		}
	}
	return s
}

// origin returns the fields of a record that it shares with the others of its pod.
func origin(rec object) object {
	shared := object{}
	for _, key := range []string{"bundle.id", "bundle.version", "trace_id", "span_id"} {
		if v, ok := rec[key]; ok {
			shared[key] = v
		}
	}
	return shared
}

// checkEvents compares the records of Events with the news.
func checkEvents(t *testing.T, news map[string]object, lines []object) {
	t.Helper()
	s, got, reasons := storiesOf(lines), map[string]bool{}, map[string]int{}
	late, unenriched := 0, 0
	for _, rec := range lines {
		if rec["action"] == "gap" {
			t.Errorf("a gap without a cause: %v", rec)
		}
		if rec["action"] != "event" {
			continue
		}
		version := text(rec, "resource_version")
		e := news[version]
		if e == nil || got[version] {
			t.Errorf("no news, or twice: %v", rec)
			continue
		}
		got[version] = true
		reasons[text(e, "metadata", "namespace")+" "+text(e, "reason")]++
		checkEvent(t, e, rec)
		seq, _ := rec["seq"].(float64)
		end, ended := s.ends[text(rec, "pod_uid")]
		switch {
		case text(rec, "enrichment") != "":
			unenriched++
		case ended && end < seq:
			late++
		default:
			s.checkOrigin(t, rec)
		}
	}
	for version, e := range news {
		if !got[version] {
			t.Errorf("no record of %s %s, %d times, at %s", text(e, "metadata", "name"), text(e, "reason"), times(e),
				version)
		}
	}
	for _, cause := range []string{
		"quota FailedCreate", "webhook FailedCreate", "restricted FailedCreate", "default FailedScheduling",
		"default Preempted", "default Unhealthy", "default FailedMount",
	} {
		if reasons[cause] < *causes {
			t.Errorf("%d records of %s", reasons[cause], cause)
		}
	}
	t.Logf("news=%d records=%d later than their pods=%d without plugin=%d %v",
		len(news), len(got), late, unenriched, reasons)
}

// checkEvent checks the fields that a record has from its Event.
func checkEvent(t *testing.T, e, rec object) {
	t.Helper()
	about := at(e, "involvedObject")
	want := object{
		"reason": e["reason"], "info": e["message"], "event_type": e["type"], "event_count": float64(times(e)),
		"namespace": about["namespace"],
	}
	if about["kind"] == "Pod" {
		want["pod"], want["pod_uid"] = about["name"], about["uid"]
	} else {
		want["object_kind"], want["object_name"] = about["kind"], about["name"]
	}
	have := object{}
	for _, key := range []string{
		"reason", "info", "event_type", "event_count", "namespace", "pod", "pod_uid", "object_kind", "object_name",
	} {
		if v, ok := rec[key]; ok {
			have[key] = v
		}
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("record of an Event (-want +got):\n%s", diff)
	}
}

// checkOrigin checks that a record has the bundle and the trace of its pod, or of the pods
// that its ReplicaSet made later.
func (s stories) checkOrigin(t *testing.T, rec object) {
	t.Helper()
	want, have := s.origins[text(rec, "pod_uid")], origin(rec)
	if rec["object_kind"] == "ReplicaSet" {
		name := text(rec, "object_name")
		want = s.apps[name[:strings.LastIndexByte(name, '-')]]
		have = without(have, "span_id")
		if want["trace_id"] == nil {
			t.Errorf("the pods of %s have no trace", name)
		}
	}
	if diff := cmp.Diff(want, have); want != nil && diff != "" {
		t.Errorf("%v of another origin (-of its story +got):\n%s", rec["msg"], diff)
	}
}
