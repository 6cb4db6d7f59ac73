// Package owner finds the objects that own a pod: from its controller reference
// up to an object that nobody controls, such as ReplicaSet and Deployment, Job
// and CronJob, or a custom resource. It asks the API server for their metadata
// only, one object at a time, and keeps the chains that it found; see DESIGN.md.
//
// You don't need it for the names of the usual workloads: package status
// derives them from the pod alone. It is for labels and annotations that only
// the owners have.
package owner
