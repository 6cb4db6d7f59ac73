package pipeline

import "slices"

// stream is how far one stream is.
type stream struct {
	list uint32 // number of the list that it reads, or read last

	// Checkpoint is the resourceVersion up to which everything is accounted for;
	// "" before the first list is complete.
	Checkpoint string `json:"checkpoint"`
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
	s.list++
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
