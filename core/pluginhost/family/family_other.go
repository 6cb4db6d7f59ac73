//go:build unix && !linux

package family

// Family is empty: processes are found on Linux only.
type Family struct {
	PIDs     []int
	Resident int64
}

// Of returns an empty family.
func Of(int) Family { return Family{} }

// Kill does nothing.
func (Family) Kill() {}
