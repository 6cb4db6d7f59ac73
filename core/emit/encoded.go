package emit

// maxKept is the capacity above which a buffer isn't used again for the next group.
const maxKept = 1 << 20

// encoded are records that were encoded for an OTLP receiver and not taken yet.
type encoded struct {
	encoder encoder
	buf     []byte // one record after the other; reused
	ends    []int  // the end of each record in buf
}

// add encodes r.
func (e *encoded) add(r Record) {
	e.buf = e.encoder.encode(e.buf, r)
	e.ends = append(e.ends, len(e.buf))
}

// take returns the records since the last call, nil if there are none. Their memory
// belongs to the caller; it is one block for all.
func (e *encoded) take() [][]byte {
	if len(e.ends) == 0 {
		return nil
	}
	// A copy, so that a record that waits in the journal for hours keeps its own
	// bytes in memory, not those of a buffer with room for a burst.
	block := make([]byte, len(e.buf))
	copy(block, e.buf)
	records := make([][]byte, len(e.ends))
	start := 0
	for i, end := range e.ends {
		records[i] = block[start:end:end]
		start = end
	}
	e.reset()
	return records
}

func (e *encoded) reset() {
	if cap(e.buf) > maxKept {
		e.buf, e.ends = nil, nil
		return
	}
	e.buf, e.ends = e.buf[:0], e.ends[:0]
}
