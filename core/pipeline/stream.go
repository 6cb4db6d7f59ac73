package pipeline

import (
	"slices"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// stream is how far one stream is.
type stream struct {
	// Checkpoint is the resourceVersion up to which everything is accounted for;
	// "" before the first list is complete.
	Checkpoint string `json:"checkpoint"`
	// List is the number of the list that it reads, or read last.
	List uint64 `json:"list"`
	// Listing says that a list is under way, or due: some states are newer than
	// the checkpoint, so that a watch from there would tell of the past.
	Listing bool `json:"listing,omitempty"`
	// Covered are the namespaces whose pods were all known once, "" standing for
	// all of them: a pod that is new there has come since.
	Covered []string `json:"covered,omitempty"`
	// Selector is the label selector that this holds for.
	Selector string `json:"selector,omitempty"`

	changed bool // since it was last stored
}

func (s *stream) begin() {
	s.List++
	s.Listing, s.changed = true, true
}

// reach moves the checkpoint, but not within a list, whose order is not that of
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

// covers tells whether a pod of the namespace that is not known has come since
// the pods there were listed.
func (s *stream) covers(namespace string) bool {
	return slices.Contains(s.Covered, "") || slices.Contains(s.Covered, namespace)
}

// found gives records that were found by comparing with the stream's list ids of
// their own.
func (s *stream) found(records []record.Record) []record.Record {
	for i := range records {
		records[i].ID = records[i].ID.In(s.List)
	}
	return records
}
