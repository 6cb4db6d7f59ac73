package emit

import "github.com/pod-status-logger/pod-status-logger/core/record"

// fields are the rows of the table of fields that are attributes, looked up once.
type fields struct {
	action, state, reason, info, occurredAt *record.Field

	cluster, podName, namespace, podUID, node, phase, podReason *record.Field

	container, containerType, image, ready, restartCount, exitCode, signal *record.Field

	containerState, containerReason *record.Field

	device, deviceHealth, condition, conditionStatus *record.Field

	serviceName, serviceNS, serviceVersion, serviceInstance *record.Field

	deployment, replicaSet, statefulSet, daemonSet, job, cronJob *record.Field

	eventFields

	rolloutFields

	dropped, droppedFirst, droppedLast, droppedTotal *record.Field

	enrichment, initial, recovered, resourceVersion, id, seq, truncated *record.Field
}

func newFields() fields {
	return fields{
		action:     record.ByAttribute(record.AttrAction),
		state:      record.ByAttribute(record.AttrState),
		reason:     record.ByAttribute(record.AttrReason),
		info:       record.ByAttribute(record.AttrInfo),
		occurredAt: record.ByAttribute(record.AttrOccurredAt),

		cluster:   record.ByAttribute(record.AttrCluster),
		podName:   record.ByAttribute(record.AttrPodName),
		namespace: record.ByAttribute(record.AttrNamespace),
		podUID:    record.ByAttribute(record.AttrPodUID),
		node:      record.ByAttribute(record.AttrNode),
		phase:     record.ByAttribute(record.AttrPhase),
		podReason: record.ByAttribute(record.AttrPodReason),

		container:       record.ByAttribute(record.AttrContainer),
		containerType:   record.ByAttribute(record.AttrContainerType),
		image:           record.ByAttribute(record.AttrImage),
		ready:           record.ByAttribute(record.AttrReady),
		restartCount:    record.ByAttribute(record.AttrRestartCount),
		exitCode:        record.ByAttribute(record.AttrExitCode),
		signal:          record.ByAttribute(record.AttrSignal),
		containerState:  record.ByAttribute(record.AttrContainerState),
		containerReason: record.ByAttribute(record.AttrContainerReason),

		device:          record.ByAttribute(record.AttrDevice),
		deviceHealth:    record.ByAttribute(record.AttrDeviceHealth),
		condition:       record.ByAttribute(record.AttrCondition),
		conditionStatus: record.ByAttribute(record.AttrConditionStatus),

		serviceName:     record.ByAttribute(record.AttrServiceName),
		serviceNS:       record.ByAttribute(record.AttrServiceNS),
		serviceVersion:  record.ByAttribute(record.AttrServiceVersion),
		serviceInstance: record.ByAttribute(record.AttrServiceInstance),

		deployment:  record.ByAttribute(record.AttrDeployment),
		replicaSet:  record.ByAttribute(record.AttrReplicaSet),
		statefulSet: record.ByAttribute(record.AttrStatefulSet),
		daemonSet:   record.ByAttribute(record.AttrDaemonSet),
		job:         record.ByAttribute(record.AttrJob),
		cronJob:     record.ByAttribute(record.AttrCronJob),

		eventFields:   newEventFields(),
		rolloutFields: newRolloutFields(),

		dropped:      record.ByAttribute(record.AttrDropped),
		droppedFirst: record.ByAttribute(record.AttrDroppedFirst),
		droppedLast:  record.ByAttribute(record.AttrDroppedLast),
		droppedTotal: record.ByAttribute(record.AttrDroppedTotal),

		enrichment:      record.ByAttribute(record.AttrEnrichment),
		initial:         record.ByAttribute(record.AttrInitial),
		recovered:       record.ByAttribute(record.AttrRecovered),
		resourceVersion: record.ByAttribute(record.AttrResourceVersion),
		id:              record.ByAttribute(record.AttrID),
		seq:             record.ByAttribute(record.AttrSeq),
		truncated:       record.ByAttribute(record.AttrTruncated),
	}
}

// eventFields are those of records about Kubernetes Events.
type eventFields struct {
	objectKind, objectName, eventType, eventCount, eventSource, gapFrom, gapTo *record.Field
}

func newEventFields() eventFields {
	return eventFields{
		objectKind:  record.ByAttribute(record.AttrObjectKind),
		objectName:  record.ByAttribute(record.AttrObjectName),
		eventType:   record.ByAttribute(record.AttrEventType),
		eventCount:  record.ByAttribute(record.AttrEventCount),
		eventSource: record.ByAttribute(record.AttrEventSource),
		gapFrom:     record.ByAttribute(record.AttrGapFrom),
		gapTo:       record.ByAttribute(record.AttrGapTo),
	}
}

// rolloutFields are those of records about workloads.
type rolloutFields struct {
	rolloutStatus, generation, desired, updated, replicasReady, available, succeeded, failed *record.Field
}

func newRolloutFields() rolloutFields {
	return rolloutFields{
		rolloutStatus: record.ByAttribute(record.AttrRolloutStatus),
		generation:    record.ByAttribute(record.AttrGeneration),
		desired:       record.ByAttribute(record.AttrDesired),
		updated:       record.ByAttribute(record.AttrUpdated),
		replicasReady: record.ByAttribute(record.AttrReplicasReady),
		available:     record.ByAttribute(record.AttrAvailable),
		succeeded:     record.ByAttribute(record.AttrSucceeded),
		failed:        record.ByAttribute(record.AttrFailed),
	}
}
