package bundle

import (
	"fmt"
	"slices"
)

// A tenant who may create pods in a namespace writes their labels and annotations, and
// those of all their owners, which are in the same namespace. So a mark proves nothing
// but what the namespace itself does: that the pod belongs to its tenant. A bundle of
// another namespace, or of the whole cluster, is a claim, unless the operator protects
// the keys of the mark, such as by an admission policy. The same goes for any trace
// context in an annotation.

// trust is the part of the configuration about claims.
type trust struct {
	protected          []string // keys that tenants can't write
	refusesOthers      bool     // bundles that are not verified
	refusesAnnotations bool     // trace contexts in annotations that are not protected
}

// The values of otherNamespaces and traceAnnotations.
const (
	accept = "accept"
	refuse = "refuse"
)

func (c Config) trust() trust {
	return trust{
		protected:          c.ProtectedKeys,
		refusesOthers:      c.OtherNamespaces == refuse,
		refusesAnnotations: c.TraceAnnotations == refuse,
	}
}

func checkTrust(key, value string) error {
	if value != "" && value != accept && value != refuse {
		return fmt.Errorf("%s: %q is not one of %s, %s", key, value, accept, refuse)
	}
	return nil
}

// protects reports whether tenants can write none of the keys of a mark.
func (t *trust) protects(m *mark) bool {
	isOpen := func(k key) bool { return !slices.Contains(t.protected, k.name) }
	return len(t.protected) > 0 && !isOpen(m.key) && !slices.ContainsFunc(m.beside, isOpen)
}

// annotations returns those of the keys whose trace contexts count. It is not nil.
func (t *trust) annotations(keys []string) []string {
	counting := make([]string, 0, len(keys))
	for _, k := range keys {
		if !t.refusesAnnotations || slices.Contains(t.protected, k) {
			counting = append(counting, k)
		}
	}
	return counting
}
