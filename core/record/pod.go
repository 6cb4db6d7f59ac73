package record

// Pod is the part of a record about the pod. The records of one event share it.
type Pod struct {
	Name, Namespace, UID string
	Node                 string // empty until the pod is scheduled
	Phase                string // Pending, Running, Succeeded, Failed or Unknown
	Reason               string // status.reason, such as Evicted
	Labels               Labels
	LabelsOmitted        bool     // the pod has more labels, see [LabelsWithin]
	Annotations          Labels   // the annotations that plugins need
	Controller           OwnerRef // zero if the pod has no controller
	Workload             Workload
	Service              Service

	// Nearest are the first owners of the chain, if they need no look-up; see [NewWorkload].
	Nearest []Owner
	// Owners is the owner chain; nil unless a plugin needs it.
	Owners *OwnerChain
}

// Workload names the objects that a pod belongs to, derived from its controller
// reference. Unknown names are empty.
type Workload struct {
	Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob string
}

// Service is the OpenTelemetry service identity of a pod, derived according to the
// semantic conventions for Kubernetes:
// https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/
type Service struct {
	Name, Namespace, Version, InstanceID string
}
