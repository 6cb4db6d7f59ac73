package apiserver

import (
	"k8s.io/apimachinery/pkg/runtime"
)

// cluster has the pods and the events, all of which follow from its size: event number
// n is the same in every run and for every client, and nothing is kept of the events,
// so that 100,000 large pods take no memory.
type cluster struct {
	pods      int // places for pods; one that is deleted makes room for another
	encodings []*encoding
}

func newCluster(pods int, size Size) *cluster {
	return &cluster{pods: pods, encodings: []*encoding{
		newEncoding(runtime.ContentTypeJSON, lives(size)), newEncoding(runtime.ContentTypeProtobuf, lives(size)),
	}}
}

// event returns the step of life and the values of the pod of event n.
func (c *cluster) event(n int) (step int, v values) {
	return c.after(n%c.pods, n/c.pods+1, c.version(n))
}

// version is the resourceVersion of event n. The pods of the first list have
// those before that of event 0.
func (c *cluster) version(n int) int { return c.pods + n + 1 }

// at is the number of events that a resourceVersion is of.
func (c *cluster) at(version int) int { return version - c.pods }

// pod returns the step of life that the pod of a place has taken after so many
// events.
func (c *cluster) pod(place, events int) (step int, v values) {
	happened := (events + c.pods - 1 - place) / c.pods
	version := place + 1
	if happened > 0 {
		version = c.version((happened-1)*c.pods + place)
	}
	return c.after(place, happened, version)
}

// after returns the state of the pod of a place after so many events, or of its
// successor.
func (c *cluster) after(place, happened, version int) (step int, v values) {
	const workloadPods, workloads, nodes = 100, 10_000, 1000
	taken := place%present + happened
	return taken % lifeLength, values{
		app: place / workloadPods % workloads, node: place % nodes,
		id: place + taken/lifeLength*c.pods, version: version,
	}
}

// appendEvent appends the frame of event n.
func (c *cluster) appendEvent(to []byte, e *encoding, n int) []byte {
	step, v := c.event(n)
	return e.events[step].append(to, v)
}

// appendMark appends a bookmark after so many events.
func (c *cluster) appendMark(to []byte, e *encoding, events int, end bool) []byte {
	return e.marks[end].append(to, values{version: c.pods + events})
}
