package status

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// imageOf returns the reference of a container's image: that of the status, unless a
// runtime reports a bare digest there. Then the spec has the reference.
func imageOf(pod *corev1.Pod, c podContainer) string {
	if isDigest(c.status.Image) {
		if reference := specImage(&pod.Spec, c); reference != "" {
			return reference
		}
	}
	return c.status.Image
}

// specImage returns the reference in the spec, or "" if the container is not there.
func specImage(spec *corev1.PodSpec, c podContainer) string {
	containers := spec.Containers
	switch c.typ {
	case record.Init, record.Sidecar:
		containers = spec.InitContainers
	case record.Ephemeral:
		for i := range spec.EphemeralContainers {
			if e := &spec.EphemeralContainers[i]; e.Name == c.status.Name {
				return e.Image
			}
		}
		return ""
	case record.Regular:
	}
	for i := range containers {
		if containers[i].Name == c.status.Name {
			return containers[i].Image
		}
	}
	return ""
}

// isDigest reports whether an image is named by a digest alone: sha256:HEX, or the
// 64 hexadecimal digits of an image's id.
func isDigest(image string) bool {
	switch algorithm, hex, ok := strings.Cut(image, ":"); {
	case !ok:
		return len(image) == 64 && isHex(image)
	case algorithm == "sha256" || algorithm == "sha384" || algorithm == "sha512":
		return isHex(hex)
	}
	return false
}

func isHex(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdef") == "" }
