package enricher

import enrichv1 "github.com/pod-status-logger/pod-status-logger/proto/podstatus/enrich/v1"

// The actions of a [Record]: with [PodOnly], a record has none of them.
const (
	ActionCreate = enrichv1.Action_ACTION_CREATE // the pod was created
	ActionUpdate = enrichv1.Action_ACTION_UPDATE // the pod or one of its containers changed
	ActionDelete = enrichv1.Action_ACTION_DELETE // the pod was deleted
)

// The states of the container of a [Record], or of its pod. Only updates have one.
const (
	StateWaiting    = enrichv1.State_STATE_WAITING    // waiting for a normal reason
	StateRunning    = enrichv1.State_STATE_RUNNING    // running
	StateError      = enrichv1.State_STATE_ERROR      // failed, or waiting because of an error
	StateTerminated = enrichv1.State_STATE_TERMINATED // terminated, successfully or not
)

// The types of the container of a [Record].
const (
	ContainerRegular   = enrichv1.ContainerType_CONTAINER_TYPE_CONTAINER // one of spec.containers
	ContainerInit      = enrichv1.ContainerType_CONTAINER_TYPE_INIT      // ends before the others start
	ContainerSidecar   = enrichv1.ContainerType_CONTAINER_TYPE_SIDECAR   // an init container that is always restarted
	ContainerEphemeral = enrichv1.ContainerType_CONTAINER_TYPE_EPHEMERAL // one of spec.ephemeralContainers
)
