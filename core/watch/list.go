package watch

import "time"

const (
	// maxCuts streaming lists in a row that failed make way for a paged one. A server
	// cuts watchers that are slower than the cluster's changes, also in the middle of
	// their list; a reader that is too slow would never reach the end. Pages wait for
	// their reader.
	maxCuts = 3

	// maxExpired paged lists in a row whose history ended before their last page make
	// way for one without pages, whatever memory it takes: the cluster compacts its
	// history faster than the list can be read.
	maxExpired = 2
)

// fullList is the list that is due or under way, and how to read it.
type fullList struct {
	due     bool
	gap     *Gap      // that the list will end; nil: no events were missed
	lost    time.Time // since when events may have been missed; zero: unknown
	began   time.Time
	objects int // sent so far

	refused bool // the server has no streaming lists
	cuts    int  // streaming lists in a row that were cut
	expired int  // paged lists in a row whose continue token expired

	pageSize int64 // of the next paged list, if a page was too large; 0: Settings.PageSize
}

// paged reports whether the list is read in pages.
func (l *fullList) paged() bool { return l.refused || l.cuts >= maxCuts }

// failed decides how to retry a list that failed, and reports whether to do so at
// once. Streaming lists are refused in many ways: with 422 or 400, by ERROR events
// with code 500 (etcd too old), by silence. Only the first differs from a passing
// failure, so the others make way for pages too, but not permanently: the right to list
// may be missing. Failures that have nothing to do with streaming lists don't count.
func (l *fullList) failed(reason string) (atOnce bool) {
	switch {
	case l.paged():
		l.cuts = 0
		if reason == ReasonExpired {
			l.expired, l.cuts = l.expired+1, maxCuts
		}
	case reason == ReasonInvalid:
		l.refused = true
		return true
	case reason == ReasonStalled:
		l.cuts = maxCuts
	case reason != ReasonRefused && reason != ReasonThrottled && reason != ReasonUnauthorized && reason != ReasonForbidden:
		l.cuts++
	}
	return false
}

// shrink makes the pages of the next list smaller than those of limit objects, 0 for all,
// of which one was too large.
func (l *fullList) shrink(limit, usual int64) {
	l.expired = 0
	l.pageSize = usual
	if limit > 0 {
		l.pageSize = max(1, limit/4)
	}
}

// complete forgets everything about the list but whether the server has streaming
// ones.
func (l *fullList) complete() { *l = fullList{refused: l.refused} }
