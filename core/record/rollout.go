package record

// RolloutStatus is how far the rollout of a workload's newest revision has come.
type RolloutStatus uint8

// The statuses. A rollout that has stalled can progress again, and complete.
const (
	Progressing RolloutStatus = iota + 1
	Complete
	Stalled // its progress deadline is exceeded
	Failed  // a Job will not be tried again
)

// String returns the status as a record contains it, such as progressing.
func (s RolloutStatus) String() string {
	switch s {
	case Progressing:
		return "progressing"
	case Complete:
		return "complete"
	case Stalled:
		return "stalled"
	case Failed:
		return "failed"
	}
	return ""
}

// RolloutInfo is the part of a record about a workload that other records don't have.
type RolloutInfo struct {
	Status     RolloutStatus // zero if only a condition has changed
	Generation int64         // metadata.generation of the workload
	Replicas   Replicas
}

// Replicas are numbers of pods of a workload. Those that its kind doesn't have are negative.
type Replicas struct {
	Desired, Updated, Ready, Available int32
	Succeeded, Failed                  int32 // of a Job
}
