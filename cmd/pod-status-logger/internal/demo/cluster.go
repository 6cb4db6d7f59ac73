package demo

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pod-status-logger/pod-status-logger/core/apiscript"
	"github.com/pod-status-logger/pod-status-logger/core/watch"
)

// cluster is a scripted API server, and its Events.
type cluster struct {
	*apiscript.Server

	events *apiscript.Objects[*corev1.Event]
}

// newCluster returns a cluster whose resourceVersions are higher than those of earlier runs.
func newCluster(server *apiscript.Server) cluster {
	k := cluster{server, apiscript.Serve[*corev1.Event](server, apiscript.Events())}
	now := int(time.Now().UnixMicro())
	k.Advance(now)
	k.events.Advance(now)
	return k
}

// expire expires the checkpoints of other runs, so that a resumed watch lists again.
func (k cluster) expire() {
	k.Expire()
	k.events.Expire()
}

// versions returns the present resourceVersions by watched resource.
func (k cluster) versions(events bool) map[string]string {
	all := map[string]string{watch.Pods().String(): k.ResourceVersion()}
	if events {
		all[watch.Events().String()] = k.events.ResourceVersion()
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
