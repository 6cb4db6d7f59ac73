package bundle

import (
	"cmp"

	"github.com/pod-status-logger/pod-status-logger/plugins/enricher"
)

// place is the part of an object with a key.
type place uint8

const (
	label place = 1 << iota
	annotation
	anywhere = label | annotation
)

// key is a label's, an annotation's, or either's.
type key struct {
	name string
	in   place
}

// maxValue is the length of the longest value in use. An id consists of up to three values and
// must fit an attribute of 4 KiB; names in Kubernetes have at most 253 bytes.
const maxValue = 1 << 10

// object is a pod or one of its owners.
type object struct{ labels, annotations map[string]string }

// get returns the value of a key, or none if it is empty or longer than maxValue.
func (o object) get(k key) string {
	if k.in&label != 0 {
		if value := o.labels[k.name]; value != "" && len(value) <= maxValue {
			return value
		}
	}
	if k.in&annotation != 0 {
		if value := o.annotations[k.name]; value != "" && len(value) <= maxValue {
			return value
		}
	}
	return ""
}

// Labels that controllers set on the pods of a rollout; each rollout has its own value.
const (
	// https://github.com/kubernetes/api/blob/master/apps/v1/types.go
	labelTemplateHash = "pod-template-hash"
	labelRevision     = "controller-revision-hash"
	// https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/types.go
	labelRolloutHash = "rollouts-pod-template-hash"
	// https://github.com/kubernetes-sigs/lws/blob/main/api/leaderworkerset/v1/leaderworkerset_types.go
	labelGroupHash = "leaderworkerset.sigs.k8s.io/template-revision-hash"
)

// chain is a pod with its owners.
type chain struct {
	pod    *enricher.Pod
	owners []*enricher.Owner // empty while they are pending

	// revision differs between the pods of one rollout and those of the next; empty if no label
	// does.
	revision string
	// lasting is the number of objects, from the pod on, that the next rollout leaves
	// unchanged. Only these identify a rollout; see DESIGN.md.
	lasting int
	// unversioned reports that the revision is unknown: the "pod" is an object that goes on
	// from one rollout to the next, and the record is about an Event of it.
	unversioned bool
	// open reports that further lasting objects may be pending.
	open bool
}

func newChain(pod *enricher.Pod) chain {
	c := chain{pod: pod, owners: pod.GetOwners(), lasting: 1}
	revision, reach := rolloutOf(pod.GetLabels())
	c.revision = revision
	c.unversioned = pod.GetName() == "" && revision == "" && len(c.owners) > 0 && goesOn(c.owners[0].GetKind())
	switch {
	case pod.GetOwnersPending():
		c.owners, c.open = nil, reach != reachesPod
	case c.unversioned: // the next rollout may change its owners, too
	case reach == reachesAll:
		c.lasting += len(c.owners)
	case reach == reachesReplicaSet && len(c.owners) > 0 && c.owners[0].GetKind() == "ReplicaSet":
		c.lasting++
	}
	return c
}

// goesOn reports whether an object of a kind stays the same over rollouts.
func goesOn(kind string) bool {
	switch kind {
	case "Deployment", "StatefulSet", "DaemonSet", "HorizontalPodAutoscaler":
		return true
	}
	return false
}

func (c *chain) len() int { return 1 + len(c.owners) }

// at returns the pod, or one of its owners from 1 on, nearest first.
func (c *chain) at(i int) object {
	if i == 0 {
		return object{c.pod.GetLabels(), c.pod.GetAnnotations()}
	}
	o := c.owners[i-1]
	return object{o.GetLabels(), o.GetAnnotations()}
}

// reach selects the objects of the pod's rollout, which the next one leaves unchanged.
type reach uint8

const (
	// reachesPod only: the labels of a StatefulSet or a DaemonSet change with the rollout.
	reachesPod reach = iota
	// reachesReplicaSet too: it has a copy of its Deployment's or Rollout's annotations from
	// the time when it was current.
	// https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/util/deployment_util.go
	// https://github.com/argoproj/argo-rollouts/blob/master/utils/annotations/annotations.go
	reachesReplicaSet
	// reachesAll: no rollout replaces the pod, which belongs to a Job or has no owner.
	reachesAll
)

func rolloutOf(labels map[string]string) (revision string, r reach) {
	if revision = labels[labelTemplateHash]; revision != "" {
		return revision, reachesReplicaSet
	}
	if revision = labels[labelRolloutHash]; revision != "" {
		return revision, reachesReplicaSet
	}
	// Leaders and workers of a LeaderWorkerSet belong to several StatefulSets of one rollout.
	if revision = cmp.Or(labels[labelGroupHash], labels[labelRevision]); revision != "" {
		return revision, reachesPod
	}
	return "", reachesAll
}
