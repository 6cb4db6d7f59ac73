package app

import (
	"context"
	"os"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/enrich"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/recording"
)

// recordedOwners finds the owners of pods among the objects of a recording. Of other owners, only
// those are known that a pod or a recorded object names.
type recordedOwners struct {
	mu      sync.Mutex
	objects map[ownerKey]*recording.OwnerObject
	chains  map[ownerKey]*record.OwnerChain // by their first owner; the pods of a rollout share one
}

var _ enrich.Owners = (*recordedOwners)(nil)

// ownerKey identifies an object, also in recordings whose uids are edited.
type ownerKey struct{ namespace, kind, name string }

func newRecordedOwners() *recordedOwners {
	return &recordedOwners{objects: map[ownerKey]*recording.OwnerObject{}, chains: map[ownerKey]*record.OwnerChain{}}
}

// readFile adds the objects of a file, so that they may come after the pods.
func (o *recordedOwners) readFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return recording.OwnerObjects(f, o.add)
}

func (o *recordedOwners) add(object *recording.OwnerObject) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.objects[ownerKey{object.Namespace, object.Kind, object.Name}] = object
	clear(o.chains)
}

// Find sets the owners of pods, as far as they are known.
func (o *recordedOwners) Find(_ context.Context, pods []*record.Pod) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range pods {
		if p.Controller != (record.OwnerRef{}) {
			p.Owners = o.chain(p.Namespace, p.Controller)
		}
	}
}

// FindInitial is Find: nothing is looked up.
func (o *recordedOwners) FindInitial(ctx context.Context, pods []*record.Pod) { o.Find(ctx, pods) }

func (o *recordedOwners) chain(namespace string, ref record.OwnerRef) *record.OwnerChain {
	first := ownerKey{namespace, ref.Kind, ref.Name}
	if chain, ok := o.chains[first]; ok {
		return chain
	}
	const most = 8 // owners: a recording may contain a circle
	chain := &record.OwnerChain{}
	for ref != (record.OwnerRef{}) && len(chain.Owners) < most {
		owner := record.Owner{OwnerRef: ref}
		object := o.objects[ownerKey{namespace, ref.Kind, ref.Name}]
		ref = record.OwnerRef{}
		if object != nil {
			owner.Labels, owner.Annotations = object.Labels, short(object.Annotations)
			if c := metav1.GetControllerOfNoCopy(object); c != nil {
				ref = record.OwnerRef{APIVersion: c.APIVersion, Kind: c.Kind, Name: c.Name, UID: string(c.UID)}
			}
		}
		chain.Owners = append(chain.Owners, owner)
	}
	o.chains[first] = chain
	return chain
}

// short leaves out annotations that are too long for plugins.
func short(annotations map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range annotations {
		if len(value) <= record.MaxAnnotation {
			kept[key] = value
		}
	}
	return kept
}
