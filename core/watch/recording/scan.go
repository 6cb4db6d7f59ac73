package recording

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxEntry bounds an entry of a recording, so that any other file can't fill the
// memory. The largest pod that etcd accepts has 1.5 MB.
const maxEntry = 64 << 20

// jsonSpace is the white space of JSON.
const jsonSpace = " \t\r\n"

// byteOrderMark begins the files of some editors and shells.
const byteOrderMark = "\uFEFF"

var (
	errCutShort = errors.New("the JSON object is not complete")
	errNoObject = errors.New("not a JSON object")
)

// entry is a piece of a recording.
type entry struct {
	line int // of its first byte, from 1
	data []byte
	err  error // why it is no JSON object, nil if it may be one
}

// entryScanner cuts a recording into entries, by braces, strings and line ends alone:
//
//   - An entry that begins with a brace ends with the brace that closes it, on
//     whatever line.
//   - A line that begins with a brace begins an entry, even if the one before is not
//     complete. No JSON printer puts an inner brace there, so an object that was cut
//     short spoils one entry and not all that follow.
//   - Any other entry ends before such a line.
//
// Every byte but the white space around entries is in one entry, up to limit bytes of
// each.
type entryScanner struct {
	r     *bufio.Reader
	limit int
	line  int // of the next byte

	// Of the entry in hand.
	data             []byte
	size             int // of data, had it no limit
	depth            int
	quoted, escaping bool
}

func newEntryScanner(r io.Reader, limit int) *entryScanner {
	s := &entryScanner{r: bufio.NewReaderSize(r, 64<<10), limit: limit, line: 1}
	if mark, err := s.r.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		_, _ = s.r.Discard(len(byteOrderMark))
	}
	return s
}

// next returns the next entry, or the reader's error: [io.EOF] at the end. The
// entry's data is the caller's.
func (s *entryScanner) next() (entry, error) {
	first, err := s.skipSpace()
	if err != nil {
		return entry{}, err
	}
	e := entry{line: s.line}
	if err := s.read(first); err != nil {
		e.err = err
	}
	if s.size > s.limit {
		e.err = fmt.Errorf("longer than %d bytes", s.limit)
	}
	e.data = bytes.TrimRight(s.data, jsonSpace)
	return e, nil
}

// read reads an entry and returns why it is not a complete object. An error of the
// reader ends the entry too; the next call will meet it again.
func (s *entryScanner) read(first byte) error {
	s.data, s.size, s.depth, s.quoted, s.escaping = nil, 0, 0, false, false
	flaw := errCutShort
	if first != '{' {
		flaw = errNoObject
	}
	for b := first; ; {
		s.take(b)
		if first == '{' && s.closedBy(b) {
			return nil
		}
		if b == '\n' && s.opensNext() {
			return flaw
		}
		var err error
		if b, err = s.readByte(); err != nil {
			return flaw
		}
	}
}

func (s *entryScanner) take(b byte) {
	if s.size++; s.size <= s.limit {
		s.data = append(s.data, b)
	}
}

// closedBy reports whether b is the brace that closes the object. Brackets don't
// count: if they don't match, the decoder returns an error.
func (s *entryScanner) closedBy(b byte) bool {
	switch {
	case s.escaping:
		s.escaping = false
	case b == '"':
		s.quoted = !s.quoted
	case s.quoted:
		s.escaping = b == '\\'
	case b == '{':
		s.depth++
	case b == '}':
		s.depth--
		return s.depth == 0
	}
	return false
}

func (s *entryScanner) opensNext() bool {
	b, err := s.r.Peek(1)
	return err == nil && b[0] == '{'
}

func (s *entryScanner) skipSpace() (byte, error) {
	for {
		b, err := s.r.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case b == '\n':
			s.line++
		case strings.IndexByte(jsonSpace, b) < 0:
			return b, nil
		}
	}
}

func (s *entryScanner) readByte() (byte, error) {
	b, err := s.r.ReadByte()
	if b == '\n' && err == nil {
		s.line++
	}
	return b, err
}
