package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// change is one write to etcd.
type change struct {
	Type            string `json:"type"`
	ResourceVersion string `json:"resource_version"`
	Pod             object `json:"pod"`
	revision        int64
}

// changes parses the history of pods, as the cluster program prints it.
func changes(t *testing.T, history []byte) (all []change) {
	t.Helper()
	for line := range strings.Lines(string(history)) {
		if strings.HasPrefix(line, `{"type":"BOOKMARK"`) {
			continue
		}
		var c change
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("history: %v", err)
		}
		delete(at(c.Pod, "metadata"), "managedFields") // most of a pod, and no record depends on it
		c.revision = number(t, c.ResourceVersion)
		all = append(all, c)
	}
	return all
}

// oracle computes from etcd's history of every pod which records the contract requires.
// It reads pods as plain JSON, follows the text of the contract, and shares no code with
// the program.
type oracle struct {
	// expected are the records of each pod UID as on stdout, without time, msg,
	// occurred_at, record_id and seq.
	expected map[string][]object
	pods     map[string]*podHistory // by UID, those that exist

	// Within a gap only the records show which versions of a pod the program read:
	// listed are those from a list, live those from a watch, as UID@resourceVersion.
	listed, live map[string]bool
	vanished     map[string]string // UID: resourceVersion of a deletion found by comparing
}

// podHistory is what the oracle remembers of a pod.
type podHistory struct {
	pod      object // empty if nothing was reported yet
	reported map[termination]bool
	ended    map[string]bool // names of containers of which an end was reported
	since    map[string]bool // resourceVersions since the last record
}

// expect returns the oracle's records for the changes. lines are the records on stdout; they
// count only if the program had a choice, as within a gap.
func expect(all []change, gaps []gap, lines []object) *oracle {
	o := newOracle(lines)
	for i := 0; i < len(all); {
		c := all[i]
		n := slices.IndexFunc(gaps, func(g gap) bool { return g.has(c.revision) })
		if n < 0 {
			whileListing := slices.ContainsFunc(gaps, func(g gap) bool { return c.revision > g.to && c.revision <= g.listed })
			o.event(c, whileListing)
			i++
			continue
		}
		var missed []change
		for ; i < len(all) && gaps[n].has(all[i].revision); i++ {
			missed = append(missed, all[i])
		}
		o.compareAfter(gaps[n], missed)
	}
	return o
}

func newOracle(lines []object) *oracle {
	o := &oracle{
		expected: map[string][]object{}, pods: map[string]*podHistory{},
		listed: map[string]bool{}, live: map[string]bool{}, vanished: map[string]string{},
	}
	for _, rec := range lines {
		uid, version := text(rec, "pod_uid"), text(rec, "resource_version")
		switch {
		case rec["recovered"] != true:
			o.live[uid+"@"+version] = true
		case rec["action"] == "delete":
			o.vanished[uid] = version
		default:
			o.listed[uid+"@"+version] = true
		}
	}
	return o
}

// event adds the records for a change that the program received as a watch event.
func (o *oracle) event(c change, whileListing bool) {
	uid := text(c.Pod, "metadata", "uid")
	switch {
	case c.Type == "ADDED":
		flags := object{}
		if whileListing {
			flags["recovered"] = true
		}
		o.create(uid, c, flags)
	case o.pods[uid] == nil: // the pod was never reported
	case c.Type == "DELETED":
		o.add(uid, baseRecord("delete", c.Pod), nil)
		delete(o.pods, uid)
	default:
		o.update(uid, c.Pod, nil)
	}
}

// compareAfter adds the records for the changes within a gap: for the last change of each
// pod, and for those that the program read in a list that was cut and begun anew.
func (o *oracle) compareAfter(g gap, missed []change) {
	last := map[string]int{}
	for i, c := range missed {
		last[text(c.Pod, "metadata", "uid")] = i
	}
	for i, c := range missed {
		uid := text(c.Pod, "metadata", "uid")
		key := uid + "@" + c.ResourceVersion
		live := g.torn && o.live[key]
		if i == last[uid] || live || c.Type != "DELETED" && o.listed[key] {
			o.compare(uid, c, live)
		} else if before := o.pods[uid]; before != nil {
			before.since[c.ResourceVersion] = true
		}
	}
}

// compare adds the records for what differs from the last reported version of a pod.
func (o *oracle) compare(uid string, c change, live bool) {
	recovered := object{"recovered": true}
	if live {
		recovered = nil
	}
	before := o.pods[uid]
	switch {
	case c.Type == "DELETED" && live:
		o.event(c, false)
	case c.Type == "DELETED" && before != nil:
		rec := baseRecord("delete", before.pod)
		if before.since[o.vanished[uid]] { // versions without a record need not be stored
			rec["resource_version"] = o.vanished[uid]
		}
		o.add(uid, rec, recovered)
		delete(o.pods, uid)
	case c.Type == "DELETED": // created and deleted within the gap
	case before != nil:
		o.update(uid, c.Pod, recovered)
	default:
		o.create(uid, c, recovered)
	}
}

// create adds the records for a pod of which nothing was reported: that it was created,
// and everything about it that is not plain. A pod that came within a gap also has the
// ends of its containers.
func (o *oracle) create(uid string, c change, flags object) {
	o.add(uid, baseRecord("create", c.Pod), flags)
	h := newPodHistory(object{}, c.ResourceVersion)
	o.pods[uid] = h
	for _, rec := range firstPodRecords(c.Pod) {
		o.add(uid, rec, flags)
	}
	if flags["recovered"] == true {
		for _, rec := range h.hidden(c.Pod) {
			o.add(uid, rec, flags)
		}
	}
	for _, c2 := range containersOf(c.Pod) {
		if !isPlain(c.Pod, c2) {
			o.add(uid, containerRecord(c.Pod, c2, at(c2.status, "state")), flags)
		}
	}
	h.remember(c.Pod)
}

// update adds the records for what differs from the last reported version of a pod, in
// the order of the contract: the pod, its conditions, hidden terminations, containers.
func (o *oracle) update(uid string, pod, flags object) {
	h := o.pods[uid]
	hidden, containers := h.hidden(pod), h.changed(pod)
	beside := len(hidden)+len(containers) > 0
	records := slices.Concat(podRecords(h.pod, pod, beside), conditionRecords(h.pod, pod, beside), hidden, containers)
	for _, rec := range records {
		o.add(uid, rec, flags)
	}
	if len(records) > 0 {
		clear(h.since)
	}
	h.since[text(pod, "metadata", "resourceVersion")] = true
	h.remember(pod)
}

func (o *oracle) add(uid string, rec, flags object) {
	maps.Copy(rec, flags)
	o.expected[uid] = append(o.expected[uid], rec)
}

func newPodHistory(pod object, version string) *podHistory {
	return &podHistory{
		pod: pod, reported: map[termination]bool{}, ended: map[string]bool{}, since: map[string]bool{version: true},
	}
}
