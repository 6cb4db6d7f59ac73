package journal

import (
	"errors"
	"os"
	"time"

	"go.etcd.io/bbolt"
)

const (
	compactAbove = 32 << 20 // bytes of the file below which it isn't worth it
	compactRatio = 4        // of the file to what is in it
	compactPause = time.Minute
	compactTx    = 4 << 20 // bytes per transaction of the copy
)

// tidy makes the file smaller if nothing waits and most of it is free: by itself
// it never shrinks. A failure costs nothing but the room.
func (d *disk) tidy() {
	if d.db == nil || !d.worthIt() || !d.compacted.IsZero() && time.Since(d.compacted) < compactPause {
		return
	}
	d.compacted = time.Now()
	temp := d.path + tempEnd
	err := guard(func() error { return d.copyTo(temp) })
	if err == nil {
		err = d.install(temp)
	}
	if err != nil {
		_ = os.Remove(temp) // it may not be there
		return
	}
	d.drop()
	d.tell(d.resolve())
}

func (d *disk) worthIt() bool {
	d.j.mu.Lock()
	waiting := d.j.records
	d.j.mu.Unlock()
	above := d.j.options.compactAbove
	if above == 0 {
		above = compactAbove
	}
	size := d.size.Load()
	if waiting > 0 || size <= above {
		return false
	}
	s := d.db.Stats()
	free := int64(s.FreePageN+s.PendingPageN) * int64(d.db.Info().PageSize)
	var used int64
	err := guard(func() error {
		return d.db.View(func(tx *bbolt.Tx) error {
			used = tx.Size()
			return nil
		})
	})
	return err == nil && used > above && used > compactRatio*(used-free)
}

// copyTo makes a copy without what is free, and checks that nothing is missing.
func (d *disk) copyTo(temp string) error {
	if err := os.Remove(temp); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := makeFile(temp); err != nil {
		return err
	}
	db, _, err := openBolt(temp, true)
	if err != nil {
		return err
	}
	if err := errors.Join(bbolt.Compact(db, d.db, compactTx), db.Close()); err != nil {
		return err
	}
	c, err := inspect(temp, os.O_RDWR, nil)
	if err == nil && c.meta != d.meta {
		err = errors.New("the copy is of another transaction")
	}
	return err
}
