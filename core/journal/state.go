package journal

import "iter"

// arena holds the state of an earlier run in a few large blocks.
type arena struct{ blocks []arenaBlock }

type arenaBlock struct {
	bytes []byte
	ends  []int // of key, value, key, value, ...
}

const arenaBytes = 1 << 20 // per block

func (a *arena) add(key string, value []byte) {
	n := len(key) + len(value)
	last := len(a.blocks) - 1
	if last < 0 || len(a.blocks[last].bytes)+n > cap(a.blocks[last].bytes) {
		a.blocks = append(a.blocks, arenaBlock{bytes: make([]byte, 0, max(n, arenaBytes))})
		last++
	}
	b := &a.blocks[last]
	b.bytes = append(b.bytes, key...)
	b.ends = append(b.ends, len(b.bytes))
	b.bytes = append(b.bytes, value...)
	b.ends = append(b.ends, len(b.bytes))
}

// State lists the state that earlier runs have stored, by key. It is for the start: it returns each entry once and
// releases it. A value that the caller keeps also keeps a block of up to 1 MiB around it.
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
			a.blocks[i] = arenaBlock{}
		}
	}
}

func (b *arenaBlock) each(yield func(string, []byte) bool) bool {
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
