package input

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxLine is the maximum length of a line. A request in OTLP has many records.
const maxLine = 64 << 20

// Stats counts lines and records.
type Stats struct {
	Lines   int // not empty
	Records int
	// Bad is the number of lines that are damaged, such as the last one of a file that is still written.
	Bad int
	// FirstBad describes the first damaged line, empty if there is none.
	FirstBad string
	// Watched reports that there were events of kubectl get -w -o json, which are no records.
	Watched bool
}

// Reader reads records from several sources. It is not safe for
// concurrent use.
type Reader struct {
	Stats Stats

	decoder *decoder
	yield   func(*Record) error
}

// NewReader returns a reader that passes each record to yield, which must not keep the pointer. An error of yield
// ends the reading.
func NewReader(yield func(*Record) error) *Reader {
	return &Reader{decoder: newDecoder(), yield: yield}
}

// Read reads all records of a source. It skips damaged lines and counts them; an archive that was cut off counts
// as a damaged line. name is the name of the source in errors.
func (r *Reader) Read(name string, source io.Reader) error {
	in := bufio.NewReaderSize(source, 1<<16)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		archive, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		in = bufio.NewReaderSize(archive, 1<<16)
	}
	joiner := joiner{parts: map[string][]byte{}}
	var buffer []byte
	for number := 1; ; number++ {
		line, whole, err := readLine(in, &buffer)
		at := place{name, number}
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum):
			r.bad(at, errors.New("the archive is damaged or incomplete"))
			return nil
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("read %s: %w", name, err)
		}
		if failed := r.line(&joiner, line, whole, at); failed != nil || err != nil {
			return failed
		}
	}
}

// place is a line of a source.
type place struct {
	name string
	line int
}

func (r *Reader) line(joiner *joiner, line []byte, whole bool, at place) error {
	if !whole {
		r.bad(at, fmt.Errorf("longer than %d MiB", maxLine>>20))
		return nil
	}
	if line = joiner.add(line); len(line) == 0 {
		return nil
	}
	r.Stats.Lines++
	if line[0] != '{' {
		return nil // such as a line of the program's own log
	}
	records, is, err := r.decoder.object(line)
	if err != nil {
		r.bad(at, err)
		return nil
	}
	r.Stats.Watched = r.Stats.Watched || is == watched
	for i := range records {
		if !records[i].valid() {
			continue // such as a report of dropped records
		}
		r.Stats.Records++
		if err := r.yield(&records[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) bad(at place, err error) {
	r.Stats.Bad++
	if r.Stats.FirstBad == "" {
		r.Stats.FirstBad = fmt.Sprintf("%s:%d: %v", at.name, at.line, err)
	}
}

// readLine returns the next line, valid until the next call. whole is false for a line that is too long, of which it
// returns the beginning.
func readLine(in *bufio.Reader, buffer *[]byte) (line []byte, whole bool, err error) {
	line, err = in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, true, err
	}
	*buffer, whole = append((*buffer)[:0], line...), true
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = in.ReadSlice('\n')
		if whole = whole && len(*buffer)+len(line) <= maxLine; whole {
			*buffer = append(*buffer, line...)
		}
	}
	return *buffer, whole, err
}
