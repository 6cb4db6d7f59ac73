package apiscript

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Streams returns the number of open watches.
func (c *Collection) Streams() int {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return len(c.streams)
}

// EndStreams ends every open stream in good order, behind the changes so far.
func (c *Collection) EndStreams() { c.endStreams(ending{}) }

// ErrorEvent ends every open stream with an ERROR event, behind the changes so far.
func (c *Collection) ErrorEvent(status metav1.Status) { c.endStreams(ending{status: &status}) }

func (c *Collection) endStreams(e ending) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	e.at = c.store.end()
	for st := range c.streams {
		st.ending = &e
		st.wakeUp()
	}
}

// CutStreams cuts the connection of every open stream at once. Events that were not
// written yet are lost to the stream.
func (c *Collection) CutStreams() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	for st := range c.streams {
		st.cut = true
		_ = st.control.SetWriteDeadline(time.Now()) // releases a write that blocks
		st.wakeUp()
	}
}

// CutMidFrame lets every open stream write half of its next event only, and then
// cuts the connection.
func (c *Collection) CutMidFrame() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	for st := range c.streams {
		st.half = true
	}
}

// wake has every stream look for news. The mutex is held.
func (c *Collection) wake() {
	for st := range c.streams {
		st.wakeUp()
	}
}
