package record

// OwnerRef names an object that owns a pod, or owns its owner. The zero value
// names none.
type OwnerRef struct {
	APIVersion string // such as apps/v1
	Kind       string // such as ReplicaSet
	Name, UID  string
}

// Owner is an object that owns a pod, with those of its labels and annotations
// that plugins need. The maps are shared and must not be changed.
type Owner struct {
	OwnerRef
	Labels, Annotations map[string]string
}

// OwnerChain are the objects that own a pod by controller reference, nearest
// first. It is shared by the pods of one rollout and must not be changed.
type OwnerChain struct {
	Owners []Owner
	// Pending says that the owners could not be looked up in time: there may be more.
	Pending bool
}

// Size returns how many bytes the labels and annotations of the owners have.
func (c *OwnerChain) Size() (size int) {
	for _, o := range c.Owners {
		for key, value := range o.Labels {
			size += len(key) + len(value)
		}
		for key, value := range o.Annotations {
			size += len(key) + len(value)
		}
	}
	return size
}
