package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The witness: from etcd's history of every pod it works out which records the
// contract asks for. It reads pods as plain JSON, in the way of the contract's
// text, and uses nothing of the program.

// object is a piece of JSON.
type object = map[string]any

// change is one write to etcd.
type change struct {
	Type            string `json:"type"`
	ResourceVersion string `json:"resource_version"`
	Pod             object `json:"pod"`
	revision        int64
}

// witness expects records as they are on stdout, without time, msg, occurred_at,
// record_id and seq, by pod UID.
type witness struct {
	expected map[string][]object
	told     map[string]*told
	// What the program looked at, by UID@resourceVersion: in a list, or as it
	// happened. In a gap only the records tell.
	listed, live map[string]bool
	vanished     map[string]string // UID: resourceVersion of a deletion that was found by comparing
}

// told is what was told of a pod.
type told struct {
	pod          object
	terminations map[string]string // by container: the last that was told or known
	since        map[string]bool   // resourceVersions that it had since the last record
}

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
		delete(at(c.Pod, "metadata"), "managedFields") // most of a pod, and nothing of it is told
		c.revision = number(t, c.ResourceVersion)
		all = append(all, c)
	}
	return all
}

func expect(all []change, gaps []gap, lines []object) *witness {
	w := newWitness(lines)
	for i := 0; i < len(all); {
		c := all[i]
		n := slices.IndexFunc(gaps, func(g gap) bool { return g.has(c.revision) })
		if n < 0 {
			whileListing := slices.ContainsFunc(gaps, func(g gap) bool { return c.revision > g.to && c.revision <= g.listed })
			w.see(c, whileListing)
			i++
			continue
		}
		var missed []change
		for ; i < len(all) && gaps[n].has(all[i].revision); i++ {
			missed = append(missed, all[i])
		}
		w.compare(missed, gaps[n])
	}
	return w
}

func newWitness(lines []object) *witness {
	w := &witness{
		expected: map[string][]object{}, told: map[string]*told{},
		listed: map[string]bool{}, live: map[string]bool{}, vanished: map[string]string{},
	}
	for _, rec := range lines {
		uid, version := text(rec, "pod_uid"), text(rec, "resource_version")
		switch {
		case rec["recovered"] != true:
			w.live[uid+"@"+version] = true
		case rec["action"] == "delete":
			w.vanished[uid] = version
		default:
			w.listed[uid+"@"+version] = true
		}
	}
	return w
}

// see expects what one change gives.
func (w *witness) see(c change, whileListing bool) {
	uid := text(c.Pod, "metadata", "uid")
	switch {
	case c.Type == "ADDED":
		flags := object{}
		if whileListing {
			flags["recovered"] = true
		}
		w.add(uid, base("create", c.Pod), flags)
		w.told[uid] = &told{c.Pod, terminationsOf(c.Pod), map[string]bool{c.ResourceVersion: true}}
	case w.told[uid] == nil: // nobody can know of a change of what was never there
	case c.Type == "DELETED":
		w.add(uid, base("delete", c.Pod), nil)
		delete(w.told, uid)
	default:
		w.update(uid, c.Pod, nil)
	}
}

// compare expects what is found after a gap: the last of each pod counts, and
// what the program looked at on the way, where its list was cut and begun anew.
func (w *witness) compare(missed []change, g gap) {
	last := map[string]int{}
	for i, c := range missed {
		last[text(c.Pod, "metadata", "uid")] = i
	}
	for i, c := range missed {
		uid := text(c.Pod, "metadata", "uid")
		key := uid + "@" + c.ResourceVersion
		live := g.torn && w.live[key]
		if i == last[uid] || live || c.Type != "DELETED" && w.listed[key] {
			w.find(uid, c, live)
		} else if was := w.told[uid]; was != nil {
			was.since[c.ResourceVersion] = true
		}
	}
}

// find expects what differs from what was told of a pod.
func (w *witness) find(uid string, c change, live bool) {
	recovered := object{"recovered": true}
	if live {
		recovered = nil
	}
	was := w.told[uid]
	switch {
	case c.Type == "DELETED" && live:
		w.see(c, false)
	case c.Type == "DELETED" && was != nil:
		rec := base("delete", was.pod)
		if was.since[w.vanished[uid]] { // a state that gave no record need not be remembered
			rec["resource_version"] = w.vanished[uid]
		}
		w.add(uid, rec, recovered)
		delete(w.told, uid)
	case c.Type == "DELETED": // came and went unseen
	case was != nil:
		w.update(uid, c.Pod, recovered)
	default:
		w.add(uid, base("create", c.Pod), recovered)
		w.told[uid] = &told{object{}, map[string]string{}, map[string]bool{}}
		w.containers(uid, c.Pod, recovered)
		w.told[uid].pod = c.Pod
		w.told[uid].since[c.ResourceVersion] = true
	}
}

func (w *witness) update(uid string, pod object, flags object) {
	was := w.told[uid]
	told := len(w.expected[uid])
	if !w.containers(uid, pod, flags) && headOf(was.pod) != headOf(pod) {
		w.add(uid, headline(pod), flags)
	}
	if len(w.expected[uid]) > told {
		clear(was.since)
	}
	was.since[text(pod, "metadata", "resourceVersion")] = true
	was.pod = pod
}

// containers expects a record for every container that changed.
func (w *witness) containers(uid string, pod object, flags object) (changed bool) {
	was := w.told[uid]
	old := map[string]object{}
	for _, c := range containersOf(was.pod) {
		old[c.name] = c.status
	}
	for _, c := range containersOf(pod) {
		if last := at(c.status, "lastState", "terminated"); last != nil {
			if id := endOf(last); was.terminations[c.name] != id && !toldAsState(old[c.name], c.status) {
				w.add(uid, crash(pod, c), flags)
				changed = true
			}
			was.terminations[c.name] = endOf(last)
		}
		if now := at(c.status, "state", "terminated"); now != nil {
			was.terminations[c.name] = endOf(now)
		}
		if before, ok := old[c.name]; !ok || factsOf(before) != factsOf(c.status) {
			rec := containerRecord(pod, c, at(c.status, "state"))
			if c.status["ready"] != true && before["ready"] == true && at(c.status, "state", "running") != nil {
				rec["level"] = "warning"
			}
			w.add(uid, rec, flags)
			changed = true
		}
	}
	return changed
}

// endOf tells one end of a container from another: each run has a container of
// its own. A kubelet that begins anew may say again, with other times, how one ended.
func endOf(terminated object) string {
	if id := text(terminated, "containerID"); id != "" {
		return id
	}
	return canonical(terminated)
}

// toldAsState: the run that ended was told as the container's state.
func toldAsState(before, now object) bool {
	return at(before, "state", "terminated") != nil && before["restartCount"] == now["restartCount"]
}

func (w *witness) add(uid string, rec, flags object) {
	maps.Copy(rec, flags)
	w.expected[uid] = append(w.expected[uid], rec)
}

func terminationsOf(pod object) map[string]string {
	m := map[string]string{}
	for _, c := range containersOf(pod) {
		if last := at(c.status, "lastState", "terminated"); last != nil {
			m[c.name] = endOf(last)
		}
	}
	return m
}

type container struct {
	name, typ string
	status    object
}

// containersOf lists the containers that have a status in the order of the spec.
func containersOf(pod object) (all []container) {
	for _, kind := range []struct{ spec, status, typ string }{
		{"initContainers", "initContainerStatuses", "init"},
		{"containers", "containerStatuses", "container"},
		{"ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"},
	} {
		for _, spec := range list(pod, "spec", kind.spec) {
			for _, status := range list(pod, "status", kind.status) {
				if status["name"] != spec["name"] {
					continue
				}
				typ := kind.typ
				if typ == "init" && spec["restartPolicy"] == "Always" {
					typ = "sidecar"
				}
				all = append(all, container{text(spec, "name"), typ, status})
			}
		}
	}
	return all
}

// factsOf are the facts of a container that are worth a record.
func factsOf(status object) string {
	facts := object{"ready": status["ready"], "restarts": status["restartCount"], "kind": kindOf(at(status, "state"))}
	for _, kind := range []string{"waiting", "terminated"} {
		for _, key := range []string{"reason", "message", "exitCode", "signal"} {
			facts[key+kind] = at(status, "state", kind)[key]
		}
	}
	return canonical(facts)
}

func kindOf(state object) string {
	for _, kind := range []string{"terminated", "running"} {
		if state[kind] != nil {
			return kind
		}
	}
	return "waiting"
}

// headOf are the facts of a pod that are worth a record.
func headOf(pod object) string {
	meta, status := at(pod, "metadata"), at(pod, "status")
	var conditions []string
	for _, c := range list(pod, "status", "conditions") {
		conditions = append(conditions, canonical([]any{c["type"], c["status"], c["reason"]}))
	}
	slices.Sort(conditions)
	return canonical([]any{
		text(pod, "spec", "nodeName"), status["phase"], status["reason"], status["message"], conditions,
		meta["deletionTimestamp"] != nil, meta["deletionGracePeriodSeconds"], meta["labels"],
	})
}

// collides tells the labels of the tests that have the key of a field.
func collides(label string) bool { return label == "pod" || label == "bundle.id" }

func base(action string, pod object) object {
	rec := object{
		"action": action, "level": "info", "pod": text(pod, "metadata", "name"), "namespace": text(pod, "metadata", "namespace"),
		"pod_uid": text(pod, "metadata", "uid"), "phase": text(pod, "status", "phase"), "cluster": "e2e",
		"resource_version": text(pod, "metadata", "resourceVersion"),
	}
	if node := text(pod, "spec", "nodeName"); node != "" {
		rec["node"] = node
	}
	for k, v := range at(pod, "metadata", "labels") {
		if collides(k) {
			k = "label." + k
		}
		rec[k] = v
	}
	return rec
}

func containerRecord(pod object, c container, state object) object {
	rec := base("update", pod)
	rec["container"], rec["container_type"], rec["image"] = c.name, c.typ, text(c.status, "image")
	rec["ready"], rec["restart_count"] = c.status["ready"], c.status["restartCount"]
	tell(rec, pod, state)
	if t := at(state, "terminated"); t != nil {
		rec["exit_code"] = t["exitCode"]
		if signal := t["signal"]; signal != nil {
			rec["signal"] = signal
		}
	}
	return rec
}

func crash(pod object, c container) object {
	rec := containerRecord(pod, c, at(c.status, "lastState"))
	rec["ready"] = false
	if at(c.status, "state", "waiting") == nil {
		rec["restart_count"] = rec["restart_count"].(float64) - 1
	}
	return rec
}

// tell is the contract's table of states and levels.
func tell(rec, pod, state object) {
	kind := kindOf(state)
	detail := at(state, kind)
	reason, message := text(detail, "reason"), text(detail, "message")
	rec["state"] = kind
	switch {
	case kind == "waiting" && isError(reason):
		rec["state"], rec["level"] = "error", "error"
	case kind == "waiting":
		rec["level"] = "warning"
	case kind == "terminated" && detail["exitCode"] != 0.0 && at(pod, "metadata")["deletionTimestamp"] == nil:
		rec["level"] = "error"
	}
	if rec["level"] != "info" && kind == "waiting" || reason != "" || message != "" {
		rec["reason"], rec["info"] = reason, message
	}
}

func isError(reason string) bool {
	return strings.HasPrefix(reason, "Err") || strings.HasSuffix(reason, "Error") || reason == "InvalidImageName" ||
		reason == "RegistryUnavailable" || reason == "SignatureValidationFailed"
}

// headline is what stands for the pod as a whole.
func headline(pod object) object {
	rec := base("update", pod)
	phase, reason := text(pod, "status", "phase"), text(pod, "status", "reason")
	if (phase == "Failed" || phase == "Unknown") && reason != "" {
		rec["state"], rec["level"], rec["reason"], rec["info"] = "error", "error", reason, text(pod, "status", "message")
		return rec
	}
	for _, c := range list(pod, "status", "conditions") {
		if c["type"] == "PodScheduled" && c["status"] == "False" && text(c, "reason") != "" {
			rec["state"], rec["level"], rec["reason"], rec["info"] = "waiting", "warning", text(c, "reason"), text(c, "message")
			return rec
		}
	}
	all := containersOf(pod)
	if len(all) == 0 {
		tell(rec, pod, object{})
		return rec
	}
	for _, c := range all {
		unfinished := c.typ == "init" && at(c.status, "state", "terminated")["exitCode"] != 0.0
		if unfinished || c.typ == "sidecar" && kindOf(at(c.status, "state")) == "waiting" {
			tell(rec, pod, at(c.status, "state"))
			return rec
		}
	}
	order := []string{"error", "waiting", "terminated in error", "running", "terminated"}
	best := len(order)
	for _, c := range all {
		if c.typ == "init" || c.typ == "ephemeral" {
			continue
		}
		candidate := base("update", pod)
		tell(candidate, pod, at(c.status, "state"))
		state := text(candidate, "state")
		if state == "terminated" && at(c.status, "state", "terminated")["exitCode"] != 0.0 {
			state = "terminated in error"
		}
		if rank := slices.Index(order, state); rank < best {
			best, rec = rank, candidate
		}
	}
	return rec
}

// at walks down into an object; nil where there is nothing.
func at(o object, path ...string) object {
	for _, key := range path {
		o, _ = o[key].(object)
	}
	return o
}

func text(o object, path ...string) string {
	s, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

func list(o object, path ...string) (all []object) {
	items, _ := at(o, path[:len(path)-1]...)[path[len(path)-1]].([]any)
	for _, item := range items {
		all = append(all, item.(object))
	}
	return all
}

// canonical writes JSON with sorted keys.
func canonical(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
