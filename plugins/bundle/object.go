package bundle

import "github.com/pod-status-logger/pod-status-logger/plugins/enricher"

// place says where a key is looked for.
type place uint8

const (
	label place = 1 << iota
	annotation
	anywhere = label | annotation
)

// key is that of a label, an annotation, or either.
type key struct {
	name string
	in   place
}

// maxValue bounds a value that counts. An id is made of up to three, and has to
// be an attribute of 4 KiB; names in Kubernetes have at most 253 bytes.
const maxValue = 1 << 10

// object is a pod or one of its owners.
type object struct{ labels, annotations map[string]string }

// get returns the value of a key. An empty one, or one that is too long to be
// what it should be, is none.
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

// Labels that controllers put on the pods of one rollout; the next one has
// another value.
const (
	// https://github.com/kubernetes/api/blob/master/apps/v1/types.go
	labelTemplateHash = "pod-template-hash"
	labelRevision     = "controller-revision-hash"
	// https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/types.go
	labelRolloutHash = "rollouts-pod-template-hash"
)

// chain is a pod with its owners.
type chain struct {
	pod    *enricher.Pod
	owners []*enricher.Owner // none while they are pending

	// revision tells the pods of one rollout from those of the next; empty where
	// nothing does.
	revision string
	// lasting is the number of objects, from the pod on, that the next rollout
	// leaves as they are. Only these may say what differs from rollout to
	// rollout; see DESIGN.md.
	lasting int
	// open says that there may be more of the lasting ones, which are pending.
	open bool
}

func newChain(pod *enricher.Pod) chain {
	c := chain{pod: pod, owners: pod.GetOwners(), lasting: 1}
	revision, reach := rolloutOf(pod.GetLabels())
	c.revision = revision
	switch {
	case pod.GetOwnersPending():
		c.owners, c.open = nil, reach != reachesPod
	case reach == reachesAll:
		c.lasting += len(c.owners)
	case reach == reachesReplicaSet && len(c.owners) > 0 && c.owners[0].GetKind() == "ReplicaSet":
		c.lasting++
	}
	return c
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

// reach says which objects are of the pod's rollout, so that the next one leaves
// them as they are.
type reach uint8

const (
	// reachesPod alone: a StatefulSet or a DaemonSet goes on with other labels.
	reachesPod reach = iota
	// reachesReplicaSet, too: it has a copy of the annotations that its
	// Deployment, or Rollout, had when it was the current one.
	// https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/util/deployment_util.go
	// https://github.com/argoproj/argo-rollouts/blob/master/utils/annotations/annotations.go
	reachesReplicaSet
	// reachesAll: no rollout replaces the pod, it is that of a Job or has no owner.
	reachesAll
)

func rolloutOf(labels map[string]string) (revision string, r reach) {
	if revision = labels[labelTemplateHash]; revision != "" {
		return revision, reachesReplicaSet
	}
	if revision = labels[labelRolloutHash]; revision != "" {
		return revision, reachesReplicaSet
	}
	if revision = labels[labelRevision]; revision != "" {
		return revision, reachesPod
	}
	return "", reachesAll
}
