// Package owner finds the objects that own a pod: from its controller reference up to
// an object without a controller, such as ReplicaSet and Deployment, Job and CronJob,
// or a custom resource. It requests their metadata from the API server, one object at a
// time, and caches the chains; see DESIGN.md.
//
// You don't need it for the names of the usual workloads: package status derives them
// from the pod alone. It is for labels and annotations of the owners.
package owner
