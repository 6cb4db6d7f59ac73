//go:build node

package scenarios

// pod reads a pod's JSON.
type pod struct{ object }

func (p pod) name() string      { return text(p.object, "metadata", "name") }
func (p pod) namespace() string { return text(p.object, "metadata", "namespace") }
func (p pod) uid() string       { return text(p.object, "metadata", "uid") }
func (p pod) version() string   { return text(p.object, "metadata", "resourceVersion") }
func (p pod) node() string      { return text(p.object, "spec", "nodeName") }
func (p pod) phase() string     { return text(p.object, "status", "phase") }
func (p pod) reason() string    { return text(p.object, "status", "reason") }
func (p pod) message() string   { return text(p.object, "status", "message") }
func (p pod) labels() object    { return at(p.object, "metadata", "labels") }
func (p pod) deleting() bool    { return at(p.object, "metadata")["deletionTimestamp"] != nil }

func (p pod) condition(kind string) object {
	return named(list(p.object, "status", "conditions"), "type", kind)
}

// is reports whether a condition has that status.
func (p pod) is(kind, status string) bool { return text(p.condition(kind), "status") == status }

// container is a container that has a status.
type container struct {
	name, kind string // kind: container, init, sidecar or ephemeral
	spec       object
	status     object
}

// containers lists init, regular and ephemeral containers in the order of the spec.
func (p pod) containers() (all []container) {
	for _, group := range []struct{ spec, status, kind string }{
		{"initContainers", "initContainerStatuses", "init"},
		{"containers", "containerStatuses", "container"},
		{"ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"},
	} {
		for _, spec := range list(p.object, "spec", group.spec) {
			status := named(list(p.object, "status", group.status), "name", text(spec, "name"))
			if status == nil {
				continue
			}
			kind := group.kind
			if kind == "init" && spec["restartPolicy"] == "Always" {
				kind = "sidecar"
			}
			all = append(all, container{text(spec, "name"), kind, spec, status})
		}
	}
	return all
}

func (c container) ready() bool    { return c.status["ready"] == true }
func (c container) state() state   { return stateOf(at(c.status, "state")) }
func (c container) last() object   { return at(c.status, "lastState", "terminated") }
func (c container) restarts() int  { return number(c.status, "restartCount") }
func (c container) regular() bool  { return c.kind == "container" }
func (c container) finished() bool { return c.state().kind == "terminated" }

// devices returns the health of each allocated device that is not healthy.
func (c container) devices() []object {
	var sick []object
	for _, resource := range list(c.status, "allocatedResourcesStatus") {
		for _, device := range list(resource, "resources") {
			if health := text(device, "health"); health != "" && health != "Healthy" {
				sick = append(sick, device)
			}
		}
	}
	return sick
}

// state is a container's state: waiting, running or terminated.
type state struct {
	kind, reason, message string
	detail                object
}

func stateOf(o object) state {
	for _, kind := range []string{"terminated", "running"} {
		if o[kind] != nil {
			d := at(o, kind)
			return state{kind, text(d, "reason"), text(d, "message"), d}
		}
	}
	d := at(o, "waiting")
	return state{"waiting", text(d, "reason"), text(d, "message"), d}
}

func (s state) exit() int { return number(s.detail, "exitCode") }

// failed reports whether a container ended badly.
func (s state) failed() bool {
	return s.kind == "terminated" && (s.exit() != 0 || s.reason == "OOMKilled")
}

// erroneous reports whether a waiting container waits for a reason that is an
// error: any but these.
func (s state) erroneous() bool {
	if s.kind != "waiting" {
		return false
	}
	switch s.reason {
	case "", "ContainerCreating", "PodInitializing", "CrashLoopBackOff", "ImagePullBackOff", "RestartingAllContainers":
		return false
	}
	return true
}
