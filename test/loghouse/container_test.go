package loghouse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// splitAt is the length above which runtimes split lines.
const splitAt = 16 << 10

// entry is a line of a container's log file, as Docker's json-file driver writes it.
type entry struct {
	Log    string `json:"log"`
	Stream string `json:"stream"`
	Time   string `json:"time"`
}

// container is the output of a container, with times: each piece follows some time after the
// one before, so that some times end in zeros.
type container struct {
	now  time.Time
	step time.Duration
}

// docker returns the lines of the json-file driver. It reads through a buffer of 16 KiB: longer
// lines, including the newline, become several.
func (c *container) docker(stream string, output []byte) (lines []string) {
	for len(output) > 0 {
		piece := output[:min(splitAt, len(output))]
		if i := bytes.IndexByte(piece, '\n'); i >= 0 {
			piece = piece[:i+1]
		}
		output = output[len(piece):]
		b, err := json.Marshal(entry{Log: string(piece), Stream: stream, Time: c.tick()})
		if err != nil {
			panic(err) // strings can be marshalled
		}
		lines = append(lines, string(b))
	}
	return lines
}

// cri returns the lines of containerd: a time, the stream, P for a part of a line
// or F for its end, and the text.
func (c *container) cri(stream string, output []byte) (lines []string) {
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSuffix(line, "\n")
		for len(line) > splitAt {
			lines = append(lines, fmt.Sprintf("%s %s P %s", c.tick(), stream, line[:splitAt]))
			line = line[splitAt:]
		}
		lines = append(lines, fmt.Sprintf("%s %s F %s", c.tick(), stream, line))
	}
	return lines
}

// tick returns the time as both runtimes write it: without zeros at the end.
func (c *container) tick() string {
	c.now = c.now.Add(c.step)
	return c.now.UTC().Format(time.RFC3339Nano)
}
