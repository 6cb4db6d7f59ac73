package v1

import (
	"slices"

	"github.com/pod-status-logger/pod-status-logger/core/record"
	enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"
)

// shared makes the messages for the pods of a batch. Parts that several of them have
// in common, such as the labels of a rollout, are made once: they are only read.
type shared struct {
	needs       *enrichv1.Needs
	labels      map[record.Labels]map[string]string
	annotations map[record.Labels]map[string]string
	owners      map[*record.OwnerChain][]*enrichv1.Owner
}

func newShared(needs *enrichv1.Needs) *shared {
	return &shared{
		needs:       needs,
		labels:      make(map[record.Labels]map[string]string),
		annotations: make(map[record.Labels]map[string]string),
		owners:      make(map[*record.OwnerChain][]*enrichv1.Owner),
	}
}

func (s *shared) pod(out *enrichv1.Pod, p *record.Pod) {
	out.Name, out.Namespace, out.Uid = p.Name, p.Namespace, p.UID
	if !s.needs.GetPodOnly() {
		out.Node, out.Phase, out.Reason = p.Node, p.Phase, record.Valid(p.Reason)
	}
	if keys := s.needs.GetLabels(); !s.needs.GetNoLabels() {
		out.Labels = once(s.labels, p.Labels, func() map[string]string {
			return pick(p.Labels, func(key string) bool { return len(keys) == 0 || slices.Contains(keys, key) })
		})
	}
	out.Annotations = once(s.annotations, p.Annotations, func() map[string]string {
		return pick(p.Annotations, func(key string) bool { return slices.Contains(s.needs.GetAnnotations(), key) })
	})
	switch {
	case s.needs.GetOwners() == nil:
		return
	case p.Owners == nil:
		out.Owners = controller(p)
		return
	}
	out.OwnersPending = p.Owners.Pending
	out.Owners = once(s.owners, p.Owners, func() []*enrichv1.Owner {
		owners := make([]*enrichv1.Owner, len(p.Owners.Owners))
		for i := range owners {
			owners[i] = s.owner(&p.Owners.Owners[i])
		}
		return owners
	})
}

// controller returns the owner that a pod itself names, for a pod whose owners were not
// looked up.
func controller(p *record.Pod) []*enrichv1.Owner {
	if p.Controller == (record.OwnerRef{}) {
		return nil
	}
	c := &p.Controller
	return []*enrichv1.Owner{{ApiVersion: c.APIVersion, Kind: c.Kind, Name: c.Name, Uid: c.UID}}
}

// once returns the value for a key, made the first time.
func once[K comparable, V any](made map[K]V, key K, value func() V) V {
	v, ok := made[key]
	if !ok {
		v = value()
		made[key] = v
	}
	return v
}

func (s *shared) owner(o *record.Owner) *enrichv1.Owner {
	return &enrichv1.Owner{
		ApiVersion:  o.APIVersion,
		Kind:        o.Kind,
		Name:        o.Name,
		Uid:         o.UID,
		Labels:      pickMap(o.Labels, s.needs.GetOwners().GetLabels()),
		Annotations: pickMap(o.Annotations, s.needs.GetOwners().GetAnnotations()),
	}
}

// pick returns the labels whose keys are needed.
func pick(labels record.Labels, needed func(key string) bool) map[string]string {
	var picked map[string]string
	for key, value := range labels.All() {
		if !needed(key) {
			continue
		}
		if picked == nil {
			picked = make(map[string]string)
		}
		picked[record.Valid(key)] = record.Valid(value)
	}
	return picked
}

func pickMap(all map[string]string, keys []string) map[string]string {
	var picked map[string]string
	for _, key := range keys {
		value, ok := all[key]
		if !ok {
			continue
		}
		if picked == nil {
			picked = make(map[string]string)
		}
		picked[key] = record.Valid(value)
	}
	return picked
}
