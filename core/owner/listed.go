package owner

import "github.com/pod-status-logger/pod-status-logger/core/record"

const (
	// listedBytes is the memory of a listed object besides its strings, about.
	listedBytes = 240

	// maxKinds is the number of kinds that objects share. References can name any kind.
	maxKinds = 1024
)

// listed is an object as it is kept: there can be a hundred thousand.
type listed struct {
	namespace, name               string
	labels, annotations           map[string]string
	kind, controllerKind          *record.OwnerRef // APIVersion and Kind; nil: it has no controller
	controllerName, controllerUID string
}

// object returns the object that ref names.
func (o *listed) object(ref record.OwnerRef) object {
	found := object{
		namespace: o.namespace,
		owner:     record.Owner{OwnerRef: ref, Labels: o.labels, Annotations: o.annotations},
	}
	if o.controllerKind != nil {
		found.controller = record.OwnerRef{
			APIVersion: o.controllerKind.APIVersion, Kind: o.controllerKind.Kind,
			Name: o.controllerName, UID: o.controllerUID,
		}
	}
	return found
}

// compact is the reverse of object. The mutex is held.
func (l *lists) compact(o object) *listed {
	kept := &listed{
		namespace: o.namespace, name: o.owner.Name, labels: o.owner.Labels, annotations: o.owner.Annotations,
		kind: l.kindOf(o.owner.OwnerRef),
	}
	if o.controller != (record.OwnerRef{}) {
		kept.controllerKind = l.kindOf(o.controller)
		kept.controllerName, kept.controllerUID = o.controller.Name, o.controller.UID
	}
	return kept
}

// kindOf returns the kind of a reference, which many objects share. The mutex is held.
func (l *lists) kindOf(ref record.OwnerRef) *record.OwnerRef {
	kind := record.OwnerRef{APIVersion: ref.APIVersion, Kind: ref.Kind}
	if known := l.kinds[kind]; known != nil {
		return known
	}
	if len(l.kinds) < maxKinds {
		l.kinds[kind] = &kind
	}
	return &kind
}

// sizeOf returns about how many bytes an object takes.
func sizeOf(o object) int {
	c := o.controller
	return listedBytes + len(o.owner.UID) + len(o.owner.Name) + len(c.UID) + len(c.Name) + len(c.Kind) +
		len(c.APIVersion) + (&record.OwnerChain{Owners: []record.Owner{o.owner}}).Size()
}
