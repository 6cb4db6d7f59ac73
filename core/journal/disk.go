package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	fileName = "journal.db"
	lockName = "journal.lock"
	tempEnd  = ".tmp"

	cacheBytes = 4 << 20         // of records that are still in memory when the consumer comes for them
	spareBytes = 4 << 20         // of the buffer that is kept from one transaction to the next
	lockWait   = time.Second     // for the process that holds the lock to end
	closeWait  = 5 * time.Second // for the disk to answer at the end
)

// disk is the store of a journal in a file. Only its goroutine, see writer.go,
// writes to the file.
type disk struct {
	j       *Journal
	dir     string
	path    string
	lock    *os.File
	size    atomic.Int64
	wake    chan struct{}
	closing chan struct{}
	done    chan struct{}
	err     error // of the end, once done is closed

	mu   sync.RWMutex // held for writing while db changes
	db   *bbolt.DB    // nil while the file is closed because of an error
	file *os.File     // that db has open

	// With the lock of the journal:
	request *request
	flying  todo // on its way into the file
	cache   map[uint64]cached
	cached  int64
	recent  recent

	// Of the goroutine:
	meta      meta    // of the last transaction that is known to be in the file
	tried     *change // which may be in the file, or not
	buffer    []byte
	renamed   bool // since the directory was synced
	compacted time.Time
}

type cached struct {
	records [][]byte
	bytes   int64
}

// recent is the chunk that was read last: batches end in the midst of chunks.
type recent struct {
	pos     uint64
	records [][]byte
}

// request is an entry that a Commit wants to be stored.
type request struct {
	entry     *entry
	ctx       context.Context //nolint:containedctx // it is that of the call that waits for the answer
	done      chan error
	abandoned bool // nobody waits for the answer any more
}

// Open opens the journal in the directory dir, or makes a new one, together with
// the directory, where there is none. Of a file that isn't whole it opens
// nothing: the error is [ErrDamaged], [ErrForeign], [ErrNewer] or [ErrLocked], or
// that of the file system, and says what to do. It never removes a journal.
func Open(dir string, o Options) (*Journal, error) {
	if err := makeDir(dir); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	lock, err := lockDir(dir, true)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	d := &disk{
		j: newJournal(o), dir: dir, path: filepath.Join(dir, fileName), lock: lock,
		wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}), cache: map[uint64]cached{},
	}
	if err := d.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", err), lock.Close())
	}
	return d.j, nil
}

func (d *disk) start() error {
	if err := d.create(); err != nil {
		return err
	}
	c, err := inspect(d.path, os.O_RDWR, nil)
	if err != nil {
		return err
	}
	d.meta = c.meta
	if d.j.headDamaged, err = oneHead(d.path); err != nil {
		return err
	}
	if _, err := d.reopen(); err != nil {
		return err
	}
	d.j.store = d
	c.restore(d.j)
	go d.run()
	return nil
}

// inspect reads a file to its end. use gets it before it is closed.
func inspect(path string, flag int, use func(*os.File, *content)) (*content, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would block
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	c, err := load(f, info.Size(), use != nil)
	if err != nil {
		return nil, explain(path, info, c, err)
	}
	if use != nil {
		use(f, c)
	}
	return c, nil
}

// reopen opens the file and reads what its last transaction says.
func (d *disk) reopen() (*meta, error) {
	if d.renamed {
		if err := syncDir(d.dir); err != nil {
			return nil, err
		}
		d.renamed = false
	}
	m := new(meta)
	err := guard(func() error {
		if err := d.whole(); err != nil {
			return err
		}
		db, file, err := openBolt(d.path, d.j.options.noSync)
		if err != nil {
			return err
		}
		d.mu.Lock()
		d.db, d.file = db, file
		d.mu.Unlock()
		return db.View(func(tx *bbolt.Tx) error {
			return m.decode(tx.Bucket([]byte(bucketMeta)).Get([]byte(keyMeta)))
		})
	})
	if err != nil {
		d.drop()
		return nil, err
	}
	d.measure()
	return m, nil
}

// whole looks at what bbolt would map without a look.
func (d *disk) whole() error {
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(f, info.Size())
	if err == nil && m.pages > uint64(info.Size())/uint64(m.pageSize) { //nolint:gosec // a size
		err = errors.New("file is cut off")
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", d.path, ErrDamaged, err)
	}
	return nil
}

// openBolt opens a file that is there. The file that bbolt has open comes along,
// so that it can be closed if bbolt doesn't.
func openBolt(path string, noSync bool) (db *bbolt.DB, file *os.File, err error) {
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockWait, FreelistType: bbolt.FreelistArrayType, NoSync: noSync,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE, mode)
			return file, err
		},
	})
	if errors.Is(err, berrors.ErrTimeout) {
		err = fmt.Errorf("%s: %w: another program has it open", path, ErrLocked)
	}
	if err != nil && file != nil {
		_ = file.Close() // it may be closed already
	}
	return db, file, err
}

// drop closes the file, after an error even if bbolt can't any more.
func (d *disk) drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.db == nil {
		return
	}
	db, closed := d.db, make(chan struct{})
	go func() {
		defer close(closed)
		_ = guard(db.Close) // what was written was synced, or it doesn't count
	}()
	wait := time.NewTimer(lockWait)
	defer wait.Stop()
	select {
	case <-closed:
	case <-wait.C:
	}
	_ = d.file.Close()
	d.db, d.file = nil, nil
}

func (d *disk) measure() {
	if info, err := d.file.Stat(); err == nil {
		d.size.Store(info.Size())
	}
}

func (d *disk) fileBytes() int64 { return d.size.Load() }

func (d *disk) moved() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.file == nil { // about to be opened again, by its name
		return nil
	}
	open, err := d.file.Stat()
	if err != nil {
		return err
	}
	if named, err := os.Stat(d.path); err != nil || !os.SameFile(open, named) {
		return fmt.Errorf("%s was moved or removed while it is in use: what is stored now is not in it", d.path)
	}
	return nil
}

// write hands e to the goroutine and waits for its answer. A disk may need very
// long to answer, longer than ctx: then it is not known what became of e.
func (d *disk) write(ctx context.Context, e *entry) error {
	r := &request{entry: e, ctx: ctx, done: make(chan error, 1)}
	d.j.mu.Lock()
	if d.j.closed {
		d.j.mu.Unlock()
		return ErrClosed
	}
	d.request = r
	d.j.mu.Unlock()
	d.poke()
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
	}
	wait := time.NewTimer(closeWait)
	defer wait.Stop()
	select {
	case err := <-r.done:
		return err
	case <-wait.C:
		return d.abandon(ctx, r)
	}
}

func (d *disk) abandon(ctx context.Context, r *request) error {
	d.j.mu.Lock()
	defer d.j.mu.Unlock()
	select {
	case err := <-r.done:
		return err
	default:
	}
	r.abandoned, d.j.uncertain = true, true
	return errors.Join(ctx.Err(), ErrUncertain)
}

func (d *disk) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *disk) touched() { d.poke() }

func (d *disk) keep(c chunk, records [][]byte) {
	if d.cached+c.bytes <= cacheBytes {
		d.cache[c.pos] = cached{records, c.bytes}
		d.cached += c.bytes
	}
}

func (d *disk) forget(c *chunk, n int) {
	k, ok := d.cache[c.pos]
	switch {
	case !ok:
	case n == int(c.count):
		delete(d.cache, c.pos)
		d.cached -= k.bytes
	default:
		clear(k.records[:n])
	}
	if d.recent.pos == c.pos && n == int(c.count) {
		d.recent = recent{}
	}
}

func (d *disk) load(c chunk) ([][]byte, error) {
	d.j.mu.Lock()
	records := d.cache[c.pos].records
	if d.recent.pos == c.pos {
		records = d.recent.records
	}
	records = slices.Clone(records)
	d.j.mu.Unlock()
	if records != nil {
		return records, nil
	}
	value, err := d.value(bucketOutbox, number(c.pos), true)
	if err != nil {
		return nil, err
	}
	if entryHash(bucketOutbox, number(c.pos), value) != c.hash {
		return nil, fmt.Errorf("%s: %w: chunk %d is not as it was written", d.path, ErrDamaged, c.pos)
	}
	if _, records, err = decodeChunk(c.pos, value); err != nil {
		return nil, err
	}
	d.j.mu.Lock()
	d.recent = recent{c.pos, records}
	d.j.mu.Unlock()
	return records, nil
}

func (d *disk) letter(l letter) (DeadLetter, error) {
	d.j.mu.Lock()
	for _, f := range d.flying.buried {
		if f.Seq == l.seq {
			d.j.mu.Unlock()
			return f, nil
		}
	}
	d.j.mu.Unlock()
	value, err := d.value(bucketDead, number(l.seq), false)
	if err != nil {
		return DeadLetter{}, err
	}
	return decodeLetter(number(l.seq), value)
}

// value reads a value, of which it returns a copy.
func (d *disk) value(bucket string, key []byte, nested bool) (value []byte, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.db == nil {
		return nil, fmt.Errorf("%s is closed after an error", d.path)
	}
	err = guard(func() error {
		return d.db.View(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte(bucket))
			if nested {
				if b = b.Bucket(key); b == nil {
					return errGone
				}
				key = []byte(keyValue)
			}
			v := b.Get(key)
			if v == nil {
				return errGone
			}
			value = slices.Clone(v)
			return nil
		})
	})
	return value, err
}

func (d *disk) close() error {
	close(d.closing)
	wait := time.NewTimer(closeWait)
	defer wait.Stop()
	select {
	case <-d.done:
		return d.err
	case <-wait.C:
		return fmt.Errorf("close journal: the disk of %s gives no answer", d.path)
	}
}
