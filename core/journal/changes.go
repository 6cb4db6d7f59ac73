package journal

// changes are to be stored with the next transaction. They are in effect in memory already.
type changes struct {
	large []Entry // removals of chunks and lines
	small []Entry // dead letters that were added or removed, in the order in which that happened
}

func (c *changes) empty() bool { return len(c.large)+len(c.small) == 0 }

func (c *changes) append(later changes) {
	c.large = append(c.large, later.large...)
	c.small = append(c.small, later.small...)
}

func (c *changes) removeLarge(bucket string, p storedPart) {
	c.large = append(c.large, Entry{Bucket: bucket, Key: number(p.pos), Sum: p.sum})
}

// set stores a small value; nil removes it.
func (c *changes) set(bucket, key string, value []byte) {
	c.small = append(c.small, Entry{Bucket: bucket, Key: key, Value: value})
}

// find returns the small value that is to be stored under a key, or nil.
func (c *changes) find(bucket, key string) (value []byte) {
	for i := range c.small {
		if e := &c.small[i]; e.Key == key && e.Bucket == bucket {
			value = e.Value
		}
	}
	return value
}
