package snapshot

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	corev1 "k8s.io/api/core/v1"
)

// The hashes are the same in every process, because states are stored.

func hash(s string) uint64 {
	if s == "" {
		return 0
	}
	return xxhash.Sum64String(s)
}

func detailHash(s corev1.ContainerState) uint64 {
	switch {
	case s.Waiting != nil && (s.Waiting.Reason != "" || s.Waiting.Message != ""):
		return mix(hash(s.Waiting.Reason), hash(s.Waiting.Message))
	case s.Terminated != nil:
		t := s.Terminated
		return mix(hash(t.Reason), hash(t.Message), number(t.ExitCode), number(t.Signal))
	}
	return 0
}

// TerminationID returns a hash that distinguishes the terminations of a container.
// 0 means none.
func TerminationID(t *corev1.ContainerStateTerminated) uint64 {
	if t == nil {
		return 0
	}
	started, finished := uint64(t.StartedAt.Unix()), uint64(t.FinishedAt.Unix()) //nolint:gosec // bits, not amounts
	return mix(hash(t.ContainerID), started, finished, number(t.ExitCode), number(t.Signal)) | 1
}

func number(n int32) uint64 { return uint64(uint32(n)) } //nolint:gosec // bits, not an amount

func mix(parts ...uint64) uint64 {
	var b [8 * 5]byte
	for i, p := range parts {
		binary.LittleEndian.PutUint64(b[8*i:], p)
	}
	return xxhash.Sum64(b[:8*len(parts)])
}
