package journal

// storedPart is a large entry of the store, by its position, with its sum.
type storedPart struct{ pos, sum uint64 }

// Unwritten returns the lines that an earlier run committed and may not have written to stdout. They come before all
// others; [Journal.Written] is for them, too.
func (j *Journal) Unwritten() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.earlierLines
}

// Written notes that all lines committed so far are on stdout. It doesn't block.
func (j *Journal) Written() {
	j.mu.Lock()
	defer j.mu.Unlock()
	t := &j.head.totals.Stdout
	if len(j.unwritten) == 0 && t.Acknowledged == t.Committed {
		return
	}
	for _, p := range j.unwritten {
		j.pending.removeLarge(bucketStdout, p)
	}
	j.unwritten, j.earlierLines = nil, nil
	t.Sent += t.Committed - t.Acknowledged
	t.Acknowledged = t.Committed
	j.touch()
}
