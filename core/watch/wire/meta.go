package wire

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Fields of the metadata of an object, from generated.proto of k8s.io/apimachinery/pkg/apis/meta/v1.
const (
	MetaName                       = 1
	MetaNamespace                  = 3
	MetaUID                        = 5
	MetaResourceVersion            = 6
	MetaGeneration                 = 7
	MetaCreationTimestamp          = 8
	MetaDeletionTimestamp          = 9
	MetaDeletionGracePeriodSeconds = 10
	MetaLabels                     = 11
	MetaAnnotations                = 12
	MetaOwnerReferences            = 13
)

// Fields of an owner reference, from the same file.
const (
	OwnerKind       = 1
	OwnerName       = 3
	OwnerUID        = 4
	OwnerAPIVersion = 5
	OwnerController = 6
)

// Identity takes the field at hand of the metadata of an object if it is one that the records of all resources need:
// the name, namespace, uid, resourceVersion and time of creation. It ignores others.
func (s *Strings) Identity(r *Reader, m *metav1.ObjectMeta) {
	switch r.Field {
	case MetaName:
		m.Name = string(r.Bytes())
	case MetaNamespace:
		m.Namespace = s.Intern(r.Bytes())
	case MetaUID:
		m.UID = types.UID(r.Bytes())
	case MetaResourceVersion:
		m.ResourceVersion = string(r.Bytes())
	case MetaCreationTimestamp:
		r.Require(Time(r.Bytes(), &m.CreationTimestamp))
	}
}
