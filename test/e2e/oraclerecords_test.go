package e2e

// container is a container with its status.
type container struct {
	name, typ string
	image     string // in the spec
	status    object
}

// containersOf returns the containers that have a status, in the order of the spec.
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
				all = append(all, container{text(spec, "name"), typ, text(spec, "image"), status})
			}
		}
	}
	return all
}

// collides reports whether a label of the tests has the key of a field.
func collides(label string) bool { return label == "pod" || label == "bundle.id" }

func isDeleting(pod object) bool { return at(pod, "metadata")["deletionTimestamp"] != nil }

// hasFailed reports whether the phase of the pod is Failed or Unknown.
func hasFailed(pod object) bool {
	phase := text(pod, "status", "phase")
	return phase == "Failed" || phase == "Unknown"
}

// conditionOf returns a condition of the pod, nil if there is none of this type.
func conditionOf(pod object, typ string) object {
	for _, c := range list(pod, "status", "conditions") {
		if c["type"] == typ {
			return c
		}
	}
	return nil
}

// causeOf returns the last known cause of the end of a pod.
func causeOf(pod object) (reason, message string) {
	reason, message = text(pod, "status", "reason"), text(pod, "status", "message")
	if reason != "" || message != "" {
		return reason, message
	}
	if c := conditionOf(pod, "DisruptionTarget"); c["status"] == "True" {
		return text(c, "reason"), text(c, "message")
	}
	return "", ""
}

// baseRecord returns what all records of the pod contain.
func baseRecord(action string, pod object) object {
	rec := object{
		"action": action, "level": "info", "pod": text(pod, "metadata", "name"),
		"namespace": text(pod, "metadata", "namespace"),
		"pod_uid":   text(pod, "metadata", "uid"), "phase": text(pod, "status", "phase"), "cluster": "e2e",
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
	if reason, message := causeOf(pod); action == "delete" && (reason != "" || message != "") {
		rec["reason"], rec["info"] = reason, message
	}
	return rec
}
