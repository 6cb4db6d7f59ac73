package demo

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/config"
	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// cluster is a scripted API server with Events and workloads.
type cluster struct {
	*apiscript.Server

	events    *apiscript.Objects[*corev1.Event]
	workloads workloadSet
	watched   map[string]func() string // resources of the demo, and their resourceVersions
}

// newCluster returns a cluster whose resourceVersions are higher than those of earlier runs.
func newCluster(server *apiscript.Server, c *config.Config) cluster {
	k := cluster{
		Server: server, events: apiscript.Serve[*corev1.Event](server, apiscript.Events()),
		watched: map[string]func() string{watch.Pods().String(): server.ResourceVersion},
	}
	now := int(time.Now().UnixMicro())
	k.Advance(now)
	k.events.Advance(now)
	if c.Events.Enabled {
		k.watched[watch.Events().String()] = k.events.ResourceVersion
	}
	if c.Workloads { // otherwise only their metadata is served
		k.workloads = newWorkloadSet(server)
		for resource, collection := range k.workloads.all {
			collection.Advance(now)
			k.watched[resource] = collection.ResourceVersion
		}
	}
	return k
}

// expire expires the checkpoints of other runs, so that a resumed watch lists again.
func (k cluster) expire() {
	k.Expire()
	k.events.Expire()
	for _, collection := range k.workloads.all {
		collection.Expire()
	}
}

// versions returns the present resourceVersions by watched resource.
func (k cluster) versions() map[string]string {
	all := make(map[string]string, len(k.watched))
	for resource, version := range k.watched {
		all[resource] = version()
	}
	return all
}

// deleteEvents deletes the Events about an object, as the API server does after an hour.
func (k cluster) deleteEvents(about types.UID) {
	for _, e := range k.events.All() {
		if e.InvolvedObject.UID == about {
			k.events.Delete(e.Namespace, e.Name)
		}
	}
}

// perform makes the change of a step.
func (k cluster) perform(s step) {
	switch {
	case s.deployment != nil:
		k.workloads.set(s.deployment)
	case s.event != nil && s.count > 1:
		k.events.Update(s.event.Namespace, s.event.Name, func(e *corev1.Event) { e.Count = s.count })
	case s.event != nil:
		k.events.Create(s.event)
	case s.remove:
		k.Delete(s.pod.Namespace, s.pod.Name)
	case s.change == nil:
		k.Create(s.pod)
	default:
		k.Update(s.pod.Namespace, s.pod.Name, s.change)
	}
}
