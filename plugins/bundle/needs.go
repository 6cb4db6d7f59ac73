package bundle

import (
	"maps"
	"slices"
)

// needs are the keys that a finder reads.
type needs struct {
	podLabels, podAnnotations     set
	ownerLabels, ownerAnnotations set
	owners                        bool
}

type set map[string]bool

// sorted never returns nil, which would disable the look-up of owners.
func (s set) sorted() []string {
	keys := slices.AppendSeq(make([]string, 0, len(s)), maps.Keys(s))
	slices.Sort(keys)
	return keys
}

func needsOf(f *finder) needs {
	n := needs{podLabels: set{}, podAnnotations: set{}, ownerLabels: set{}, ownerAnnotations: set{}}
	n.owners = len(f.detectors) > 0 || f.traceKeys != nil
	for _, l := range [...]string{labelTemplateHash, labelRolloutHash, labelGroupHash, labelRevision} {
		n.podLabels[l] = true
	}
	for _, d := range f.detectors {
		for _, m := range d.marks {
			n.add(m.key, !d.onPod)
			for _, k := range m.beside {
				n.add(k, !d.onPod)
			}
		}
		for _, v := range d.versions {
			n.add(v.key, true)
		}
	}
	for _, k := range f.traceKeys {
		n.add(key{k, annotation}, true)
	}
	return n
}

func (n *needs) add(k key, ofOwners bool) {
	if k.in&label != 0 {
		n.podLabels[k.name] = true
		if ofOwners {
			n.ownerLabels[k.name] = true
		}
	}
	if k.in&annotation != 0 {
		n.podAnnotations[k.name] = true
		if ofOwners {
			n.ownerAnnotations[k.name] = true
		}
	}
}
