package journal

import (
	"slices"
	"sort"
)

// deadIndex is the index of dead letters, by number.
type deadIndex struct {
	letters []deadRef
	bytes   int64
	counted int // letters of which a journal in memory keeps nothing else
}

type deadRef struct {
	seq   uint64
	at    int64 // when it was refused, in Unix nanoseconds
	bytes int64 // of the record
}

func (d *deadIndex) records() int { return len(d.letters) + d.counted }

func (d *deadIndex) add(l *DeadLetter) {
	i, _ := d.find(l.Seq)
	size := int64(len(l.Record))
	d.letters = slices.Insert(d.letters, i, deadRef{l.Seq, l.At.UnixNano(), size})
	d.bytes += size
}

func (d *deadIndex) find(seq uint64) (int, bool) {
	i := sort.Search(len(d.letters), func(i int) bool { return d.letters[i].seq >= seq })
	return i, i < len(d.letters) && d.letters[i].seq == seq
}

func (d *deadIndex) remove(seq uint64) {
	if i, ok := d.find(seq); ok {
		d.bytes -= d.letters[i].bytes
		d.letters = slices.Delete(d.letters, i, i+1)
	}
}

// pick returns the letters with the numbers seqs, or all if none is named.
func (d *deadIndex) pick(seqs []uint64) []deadRef {
	if len(seqs) == 0 {
		return slices.Clone(d.letters)
	}
	seqs = slices.Clone(seqs)
	slices.Sort(seqs)
	var picked []deadRef
	for _, seq := range slices.Compact(seqs) {
		if i, ok := d.find(seq); ok {
			picked = append(picked, d.letters[i])
		}
	}
	return picked
}
