package record

import (
	"slices"
	"strings"
)

// Object is an object that owns pods, or owns their owners, such as a ReplicaSet.
type Object struct{ Kind, Name string }

// NewOwner returns the Pod of a record about an object that owns pods. Owner look-ups
// begin with the object itself, as they would for a pod of it.
func NewOwner(namespace string, ref OwnerRef) *Pod {
	p := &Pod{Namespace: namespace, UID: ref.UID, Controller: ref}
	p.complete([]Owner{{OwnerRef: ref}})
	return p
}

// NewWorkload returns the Pod of a record about a workload whose metadata is known: nearest has
// its own, behind those of the ReplicaSet of its pods if it has one. Owner look-ups begin with
// its controller.
func NewWorkload(namespace string, nearest []Owner, controller OwnerRef) *Pod {
	p := &Pod{Namespace: namespace, UID: nearest[len(nearest)-1].UID, Nearest: nearest, Controller: controller}
	p.complete(nearest)
	return p
}

// Complete takes over what the owner chain reveals: the names of the workloads and, as the
// labels of pods, those of the object itself, which has them from the same template. Only
// for the Pod of a record with an Object.
func (p *Pod) Complete() {
	if p.Nearest != nil {
		p.prependNearest()
		return
	}
	if p.Owners == nil || len(p.Owners.Owners) == 0 {
		return
	}
	p.Labels = NewLabels(p.Owners.Owners[0].Labels)
	p.complete(p.Owners.Owners)
}

// prependNearest makes the whole chain out of that of the controller, unless an earlier call
// has done so: the records of an event share their pod.
func (p *Pod) prependNearest() {
	var found OwnerChain
	if p.Owners != nil {
		found = *p.Owners
	}
	if len(found.Owners) > 0 && found.Owners[0].OwnerRef == p.Nearest[0].OwnerRef {
		return
	}
	found.Owners = slices.Concat(p.Nearest, found.Owners)
	p.Owners = &found
	p.complete(found.Owners)
}

func (p *Pod) complete(owners []Owner) {
	name := ""
	for i := range owners {
		p.Workload.add(&owners[i].OwnerRef)
		name = owners[i].Name
	}
	p.Service = Service{Name: name, Namespace: p.Namespace}
}

// add sets the name of an owner. Other API groups have kinds of the same names.
func (w *Workload) add(ref *OwnerRef) {
	group, _, _ := strings.Cut(ref.APIVersion, "/")
	switch group + "/" + ref.Kind {
	case "apps/Deployment":
		w.Deployment = ref.Name
	case "apps/ReplicaSet":
		w.ReplicaSet = ref.Name
	case "apps/StatefulSet":
		w.StatefulSet = ref.Name
	case "apps/DaemonSet":
		w.DaemonSet = ref.Name
	case "batch/Job":
		w.Job = ref.Name
	case "batch/CronJob":
		w.CronJob = ref.Name
	}
}
