// Package tracing makes traces of rollouts: it follows the versions of bundles, and the pods that start or recover,
// from change to change, and makes each span when it ends. Package span makes the parts that one pod's status contains.
//
// A [Tracker] keeps state for rollouts, and for pods while they start or are in an incident; a pod that runs costs
// nothing. All changes of a commit group are settled together, and the changed state is stored with the group: after a
// crash, the same events give the same spans.
package tracing
