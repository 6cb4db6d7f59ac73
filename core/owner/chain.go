package owner

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// maxDepth bounds a chain, as references may lead in a circle.
const maxDepth = 8

// source reads owners from the API server.
type source struct {
	client              *client
	discovery           *discovery
	denials             *denials
	labels, annotations []string
}

func newSource(s Settings) (*source, error) {
	c, err := newClient(s)
	if err != nil {
		return nil, err
	}
	d := newDenials(s)
	return &source{c, newDiscovery(s, c, d), d, s.Labels, s.Annotations}, nil
}

// finding is the result of a look-up.
type finding struct {
	owners  []record.Owner
	known   int    // how many of them were read: all, or all but the last
	outcome string // one of Outcomes
	err     error  // why the last one could not be read
}

// lookUp follows the references from the first up. If one can't be followed, the chain
// ends with the reference itself.
func (s *source) lookUp(ctx context.Context, namespace string, ref record.OwnerRef) (f finding) {
	for ref != (record.OwnerRef{}) {
		if len(f.owners) == maxDepth {
			f.outcome = OutcomeTooDeep
			return f
		}
		meta, namespaced, err := s.read(ctx, namespace, ref)
		if err != nil {
			f.owners = append(f.owners, record.Owner{OwnerRef: ref})
			f.outcome, f.err = outcomeOf(err), fmt.Errorf("%s %s: %w", ref.Kind, ref.Name, err)
			return f
		}
		f.owners, f.known = append(f.owners, s.owner(ref, meta)), f.known+1
		if !namespaced {
			namespace = "" // nothing in a namespace owns it
		}
		ref = controllerOf(meta)
	}
	f.outcome = OutcomeFound
	return f
}

// read reads the metadata of the object that ref names. An object of the same name but
// another uid was created after that one was deleted.
func (s *source) read(ctx context.Context, namespace string, ref record.OwnerRef) (
	_ *metav1.PartialObjectMetadata, namespaced bool, _ error,
) {
	r, err := s.discovery.resource(ctx, ref.APIVersion, ref.Kind)
	if err != nil {
		return nil, false, err
	}
	if !r.namespaced {
		namespace = ""
	}
	path, ok := r.path(namespace, ref.Name)
	if !ok {
		return nil, false, errGone
	}
	meta, err := s.ask(ctx, right{r.group, r.name, namespace}, path)
	if err == nil && string(meta.UID) != ref.UID {
		err = errGone
	}
	return meta, r.namespaced, err
}

// ask requests an object for which the right is needed, unless it was denied lately.
func (s *source) ask(ctx context.Context, needed right, path string) (*metav1.PartialObjectMetadata, error) {
	if err := s.denials.check(needed); err != nil {
		return nil, err
	}
	meta, err := s.client.metadata(ctx, path)
	switch {
	case apierrors.IsForbidden(err):
		return nil, s.denials.add(needed, err)
	case apierrors.IsNotFound(err): // without the right it would be forbidden
		s.denials.forget(needed)
		return nil, errGone
	case err == nil:
		s.denials.forget(needed)
	}
	return meta, err
}

// owner returns an owner with the wanted labels and annotations of an object, and
// nothing that would hold the rest of the object in memory.
func (s *source) owner(ref record.OwnerRef, meta *metav1.PartialObjectMetadata) record.Owner {
	return record.Owner{
		OwnerRef: ref, Labels: keep(meta.Labels, s.labels), Annotations: keep(meta.Annotations, s.annotations),
	}
}

func keep(all map[string]string, keys []string) (kept map[string]string) {
	for _, key := range keys {
		value, ok := all[key]
		if !ok || len(value) > record.MaxAnnotation {
			continue
		}
		if kept == nil {
			kept = make(map[string]string)
		}
		kept[key] = strings.Clone(value)
	}
	return kept
}

func controllerOf(meta *metav1.PartialObjectMetadata) record.OwnerRef {
	ref := metav1.GetControllerOfNoCopy(meta)
	if ref == nil {
		return record.OwnerRef{}
	}
	return record.OwnerRef{
		APIVersion: strings.Clone(ref.APIVersion), Kind: strings.Clone(ref.Kind),
		Name: strings.Clone(ref.Name), UID: strings.Clone(string(ref.UID)),
	}
}
