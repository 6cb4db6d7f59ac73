package journal

import (
	"encoding/binary"
	"fmt"
)

// head describes the whole journal, and is stored with every transaction.
type head struct {
	Seq       uint64 // number of the last record
	End       uint64 // position of the next chunk
	Stdout    uint64 // position of the next part of lines
	Skip      uint64 // number of records of the first chunk that have left; in the store only
	Committed int64  // the last group, in Unix nanoseconds
	Drop      Drop   // not announced yet
	Totals    Totals
}

func (h *head) encode() []byte {
	b, err := binary.Append(nil, binary.LittleEndian, h)
	if err != nil {
		panic(err) // it consists of numbers
	}
	return b
}

func (h *head) decode(b []byte) error {
	n, err := binary.Decode(b, binary.LittleEndian, h)
	if err == nil && n != len(b) {
		err = fmt.Errorf("%d bytes instead of %d", len(b), n)
	}
	if err != nil {
		return fmt.Errorf("head: %w", err)
	}
	return nil
}
