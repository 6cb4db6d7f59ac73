// Package workloads decides which changes of Deployments, StatefulSets, DaemonSets and Jobs
// become records, and makes these records: when a rollout starts, completes, stalls or fails,
// by the rules of kubectl rollout status, and when a condition has another status or reason.
//
// [Rules] are pure functions. A [State] has what the last records of a workload were about;
// see DESIGN.md.
package workloads
