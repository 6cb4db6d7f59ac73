package journal

import "iter"

// arena holds the state of an earlier run in a few large pieces.
type arena struct {
	blocks  []byteBlock
	entries int
}

type byteBlock struct {
	bytes []byte
	ends  []int // of key, value, key, value, ...
}

const arenaBlock = 1 << 20

func (a *arena) add(key, value []byte) {
	n := len(key) + len(value)
	last := len(a.blocks) - 1
	if last < 0 || len(a.blocks[last].bytes)+n > cap(a.blocks[last].bytes) {
		a.blocks = append(a.blocks, byteBlock{bytes: make([]byte, 0, max(n, arenaBlock))})
		last++
	}
	b := &a.blocks[last]
	b.bytes = append(b.bytes, key...)
	b.ends = append(b.ends, len(b.bytes))
	b.bytes = append(b.bytes, value...)
	b.ends = append(b.ends, len(b.bytes))
	a.entries++
}

// State lists what earlier runs stored of the state, by key. It is for the
// start: it gives each entry once, forgets what it has given, and nothing is in
// it afterwards. The values may be kept, at the price of a piece of memory of up
// to 1 MiB around them.
func (j *Journal) State() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		j.mu.Lock()
		a := j.state
		j.state = nil
		j.mu.Unlock()
		if a == nil {
			return
		}
		for i := range a.blocks {
			if !a.blocks[i].each(yield) {
				return
			}
			a.blocks[i] = byteBlock{}
		}
	}
}

func (b *byteBlock) each(yield func(string, []byte) bool) bool {
	start := 0
	for i := 0; i < len(b.ends); i += 2 {
		key, value := b.ends[i], b.ends[i+1]
		if !yield(string(b.bytes[start:key]), b.bytes[key:value:value]) {
			return false
		}
		start = value
	}
	return true
}
