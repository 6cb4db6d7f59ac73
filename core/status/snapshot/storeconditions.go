package snapshot

import (
	"slices"

	statev1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/state/v1"
)

// The indices in these tables are the numbers that encoded states contain.
func conditionTypes() [10]string {
	return [...]string{
		"", "PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready",
		"DisruptionTarget", "PodResizePending", "PodResizeInProgress", "AllContainersRestarting",
	}
}

func conditionStatuses() [4]string { return [...]string{"", "True", "False", "Unknown"} }

// messages returns the conditions as protobuf messages.
func (s Conditions) messages() []*statev1.Condition {
	var room [16]Condition
	all := s.List(room[:0])
	if len(all) == 0 {
		return nil
	}
	types, statuses := conditionTypes(), conditionStatuses()
	messages, list := make([]statev1.Condition, len(all)), make([]*statev1.Condition, len(all))
	for i, c := range all {
		m := &messages[i]
		m.Reason, m.MessageHash = c.Reason, c.digest
		if n := slices.Index(types[:], c.Type); n > 0 {
			m.Type = statev1.ConditionType(n) //nolint:gosec // small
		} else {
			m.CustomType = c.Type
		}
		if n := slices.Index(statuses[:], c.Status); n > 0 {
			m.Status = statev1.ConditionStatus(n) //nolint:gosec // small
		} else {
			m.CustomStatus = c.Status
		}
		list[i] = m
	}
	return list
}

// restoredConditions returns the conditions of which list has the messages.
func restoredConditions(list []*statev1.Condition) Conditions {
	types, statuses := conditionTypes(), conditionStatuses()
	all := make([]Condition, len(list))
	for i, m := range list {
		all[i] = Condition{Type: m.CustomType, Status: m.CustomStatus, Reason: m.Reason, digest: m.MessageHash}
		if n := int(m.Type); 0 < n && n < len(types) {
			all[i].Type = types[n]
		}
		if n := int(m.Status); 0 < n && n < len(statuses) {
			all[i].Status = statuses[n]
		}
	}
	return makeConditions(all)
}

// messages returns the devices as protobuf messages.
func (d Devices) messages() []*statev1.Device {
	if d == "" {
		return nil
	}
	list := make([]*statev1.Device, 0, len(d)/deviceSize)
	for ; len(d) >= deviceSize; d = d[deviceSize:] {
		list = append(list, &statev1.Device{IdHash: d.firstHash(), Health: statev1.DeviceHealth(d[deviceHashSize])})
	}
	return list
}

// restoredDevices returns the devices of which list has the messages.
func restoredDevices(list []*statev1.Device) Devices {
	var b []byte
	for _, m := range list {
		b = appendDevice(b, m.IdHash, health(m.Health)) //nolint:gosec // one of four
	}
	return Devices(b)
}
