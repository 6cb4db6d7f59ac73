//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/program"
	"github.com/pod-status-logger/pod-status-logger/test/wait"
)

// follower is a process that writes etcd's history to a file while it is made. Unlike the
// other processes it is never killed. It ends by itself if it misses a revision.
type follower struct {
	*program.Program
	t *testing.T
}

func startFollower(t *testing.T, c *cluster) *follower {
	t.Helper()
	f := &follower{t: t, Program: program.Start(t, program.Command{
		Path: clusterProgram, Args: []string{"history", "--follow", "--dir", c.dir},
	})}
	wait.Until(t, "the follower has a revision", func() bool { return f.revision() > 0 })
	return f
}

// revision returns the revision up to which the file is complete.
func (f *follower) revision() int64 {
	text := fileEnd(f.t, f.Stdout)
	text = text[:strings.LastIndexByte(text, '\n')+1]
	line := text[strings.LastIndexByte(strings.TrimSuffix(text, "\n"), '\n')+1:]
	var last struct {
		ResourceVersion string `json:"resource_version"`
	}
	if json.Unmarshal([]byte(line), &last) != nil {
		return 0
	}
	revision, _ := strconv.ParseInt(last.ResourceVersion, 10, 64)
	return revision
}

// check returns an error if the follower has ended.
func (f *follower) check() error {
	select {
	case <-f.Done():
		return fmt.Errorf("the follower of etcd's history ended: %s", f.Log(f.t))
	default:
		return nil
	}
}

// fileEnd returns the end of a file that may be growing.
func fileEnd(t *testing.T, file string) string {
	t.Helper()
	const most = 256 << 10
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	size := min(info.Size(), most)
	b := make([]byte, size)
	n, _ := f.ReadAt(b, info.Size()-size) // at the end of the file this is io.EOF
	return string(b[:n])
}
