//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// follower is the witness's own watch: a process that reads etcd, and that
// nobody kills. It ends by itself only where it missed something.
type follower struct{ *process }

func startFollower(t *testing.T, c *cluster, dir string) *follower {
	t.Helper()
	f := &follower{startProcess(t, dir, "witness", nil, clusterProgram, "history", "--follow", "--dir", c.dir)}
	eventually(t, "the witness sees something", func() bool { return f.seen() > 0 })
	return f
}

// seen is the revision up to which nothing can be missed.
func (f *follower) seen() int64 {
	text := tail(f.t, f.stdout)
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

// failed returns why the witness is gone, nil while it is there.
func (f *follower) failed() error {
	select {
	case err := <-f.done:
		f.done <- err
		return errors.Join(fmt.Errorf("the witness ended: %s", read(f.t, f.stderr)), err)
	default:
		return nil
	}
}
