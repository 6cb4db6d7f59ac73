//go:build e2e

package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
)

const stamp = "2026-11-23T16:45:24.468000000Z"

// formats are the formats in which container runtimes write lines into files. Other output of a
// logger's container is between the records.
var formats = map[string]func(lines []byte) []byte{
	"containerd and CRI-O": func(lines []byte) []byte { return cri(lines, 16<<10) },
	// Runtimes do that with lines over 16 KiB; here often within a character.
	"lines in parts": func(lines []byte) []byte { return cri(lines, 127) },
	"Docker":         docker,
}

func cri(lines []byte, limit int) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(lines) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		fmt.Fprintf(&b, "%s stderr F {\"level\":\"INFO\",\"msg\":\"the logger's own log\"}\n", stamp)
		for len(line) > limit {
			fmt.Fprintf(&b, "%s stdout P %s\n", stamp, line[:limit])
			line = line[limit:]
		}
		fmt.Fprintf(&b, "%s stdout F %s\n", stamp, line)
	}
	return b.Bytes()
}

func docker(lines []byte) []byte {
	var b bytes.Buffer
	encode := json.NewEncoder(&b)
	for line := range bytes.Lines(lines) {
		for stream, text := range map[string]string{"stderr": "the logger's own log\n", "stdout": string(line)} {
			_ = encode.Encode(map[string]string{"log": text, "stream": stream, "time": stamp})
		}
	}
	return b.Bytes()
}
