package input

import (
	"bytes"
	"regexp"
)

// maxPrefix is the maximum length of what tools print before a record.
const maxPrefix = 512

// criPart is the prefix of a line in a log file of a CRI runtime: the time, the stream, and whether the line is
// complete (F) or a part of a longer one (P). With kubectl logs --prefix, the pod precedes it.
var criPart = regexp.MustCompile(`^(?:\[[^\]]*\] )?\S+ (stdout|stderr) ([FP])(?::\S*)? `)

// joiner removes prefixes and joins the parts of lines that a CRI runtime has split.
type joiner struct {
	parts map[string][]byte // by stream
}

// add returns the line without its prefix, nil if it is only a part of one.
func (j *joiner) add(line []byte) []byte {
	line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
	head := line[:min(len(line), maxPrefix)]
	if len(line) == 0 || line[0] == '{' {
		return line
	}
	if m := criPart.FindSubmatchIndex(head); m != nil {
		return j.join(string(line[m[2]:m[3]]), line[m[4]] == 'P', line[m[1]:])
	}
	if i := bytes.IndexByte(head, '{'); i >= 0 {
		return line[i:]
	}
	return line
}

func (j *joiner) join(stream string, partial bool, content []byte) []byte {
	before := j.parts[stream]
	if partial {
		if len(before)+len(content) <= maxLine {
			j.parts[stream] = append(before, content...)
		}
		return nil
	}
	if before == nil {
		return content
	}
	delete(j.parts, stream)
	return append(before, content...)
}
