package record

// OwnerRef identifies an object that owns a pod or one of its owners. The zero value
// identifies none.
type OwnerRef struct {
	APIVersion string // such as apps/v1
	Kind       string // such as ReplicaSet
	Name, UID  string
}

// Owner is an object in a pod's owner chain, with the labels and annotations that
// plugins need. The maps are shared and must not be changed.
type Owner struct {
	OwnerRef
	Labels, Annotations map[string]string
}

// OwnerChain contains the objects that own a pod by controller reference, nearest
// first. The pods of one rollout share it; it must not be changed.
type OwnerChain struct {
	Owners []Owner
	// Pending is true if the look-up has not ended or has failed: there may be more owners.
	Pending bool
	// Reason is why the chain is pending, in a few words; "" otherwise.
	Reason string
}

// Size returns the size of the owners' labels and annotations in bytes.
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
