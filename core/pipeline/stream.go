package pipeline

import (
	"slices"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// stream is the progress of one stream.
type stream struct {
	// Checkpoint is the resourceVersion up to which everything is accounted for;
	// "" before the first list is complete.
	Checkpoint string `json:"checkpoint"`
	// List is the number of the present list, or of the last one.
	List uint64 `json:"list"`
	// Listing is whether a list is under way, or due: some states are newer than
	// the checkpoint, so that a watch from there would begin in the past.
	Listing bool `json:"listing,omitempty"`
	// Covered are the namespaces that were listed completely at some time, "" standing
	// for all of them: a pod that is new there was created since.
	Covered []string `json:"covered,omitempty"`
	// Selector is the label selector of the stream.
	Selector string `json:"selector,omitempty"`

	changed bool // since it was last stored
}

func (s *stream) begin() {
	s.List++
	s.Listing, s.changed = true, true
}

// reach moves the checkpoint, except within a list, which is not in the order of
// resourceVersions.
func (s *stream) reach(resourceVersion string) {
	if s.Listing || resourceVersion == "" {
		return
	}
	s.Checkpoint, s.changed = resourceVersion, true
}

func (s *stream) complete(resourceVersion string) {
	s.Listing, s.changed = false, true
	s.Checkpoint = resourceVersion
	s.Covered = []string{""}
}

// covers reports whether an unknown pod of the namespace must have been created since
// the pods there were listed.
func (s *stream) covers(namespace string) bool {
	return slices.Contains(s.Covered, "") || slices.Contains(s.Covered, namespace)
}

// found gives records that a comparison with the stream's list found ids of their own.
func (s *stream) found(records []record.Record) []record.Record {
	for i := range records {
		records[i].ID = records[i].ID.In(s.List)
	}
	return records
}
