package record

// Container is the part of a record about one container.
type Container struct {
	Name         string
	Image        string // the reference in the pod's status or spec
	Status       string // Kubernetes' own state: waiting, running or terminated
	Type         ContainerType
	Ready        bool
	Terminated   bool // ExitCode and Signal are meaningful
	RestartCount int32
	ExitCode     int32   // also 0
	Signal       int32   // 0: Kubernetes gave none
	Device       *Device // nil unless the record is about an allocated device
}

// Device is a device that is allocated to a container, such as a GPU.
type Device struct {
	Resource string // such as nvidia.com/gpu, or claim:NAME for dynamic resources
	ID       string
	Health   string // Healthy, Unhealthy or Unknown
}

// ContainerType is the kind of a container in a pod's spec.
type ContainerType uint8

// The container types. A Sidecar is an init container with restart policy Always.
const (
	Regular ContainerType = iota
	Init
	Sidecar
	Ephemeral
)

// String returns the type as a record contains it: container, init, sidecar or ephemeral.
func (t ContainerType) String() string {
	switch t {
	case Init:
		return "init"
	case Sidecar:
		return "sidecar"
	case Ephemeral:
		return "ephemeral"
	}
	return "container"
}
