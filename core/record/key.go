package record

// Attribute keys. Those with a prefix of k8s, container, service or log are
// OpenTelemetry's semantic conventions; podstatus is this project's own namespace.
const (
	AttrAction          = "podstatus.action"
	AttrState           = "podstatus.state"
	AttrReason          = "podstatus.reason"
	AttrInfo            = "podstatus.info"
	AttrPodName         = "k8s.pod.name"
	AttrNamespace       = "k8s.namespace.name"
	AttrPodUID          = "k8s.pod.uid"
	AttrNode            = "k8s.node.name"
	AttrCluster         = "k8s.cluster.name"
	AttrPhase           = "k8s.pod.status.phase"
	AttrPodReason       = "k8s.pod.status.reason"
	AttrContainer       = "k8s.container.name"
	AttrContainerType   = "podstatus.container.type"
	AttrImage           = "container.image.name"
	AttrReady           = "podstatus.container.ready"
	AttrRestartCount    = "k8s.container.restart_count"
	AttrExitCode        = "podstatus.container.exit_code"
	AttrSignal          = "podstatus.container.signal"
	AttrDevice          = "podstatus.device.id"
	AttrDeviceHealth    = "podstatus.device.health"
	AttrCondition       = "podstatus.condition.type"
	AttrConditionStatus = "podstatus.condition.status"
	AttrOccurredAt      = "podstatus.occurred_at"
	AttrContainerState  = "k8s.container.status.state"
	AttrContainerReason = "k8s.container.status.reason"
	AttrServiceName     = "service.name"
	AttrServiceNS       = "service.namespace"
	AttrServiceVersion  = "service.version"
	AttrServiceInstance = "service.instance.id"
	AttrDeployment      = "k8s.deployment.name"
	AttrReplicaSet      = "k8s.replicaset.name"
	AttrStatefulSet     = "k8s.statefulset.name"
	AttrDaemonSet       = "k8s.daemonset.name"
	AttrJob             = "k8s.job.name"
	AttrCronJob         = "k8s.cronjob.name"
	AttrEnrichment      = "podstatus.enrichment"
	AttrInitial         = "podstatus.initial"
	AttrRecovered       = "podstatus.recovered"
	AttrResourceVersion = "podstatus.resource_version"
	AttrDropped         = "podstatus.dropped.records"
	AttrDroppedFirst    = "podstatus.dropped.first_seq"
	AttrDroppedLast     = "podstatus.dropped.last_seq"
	AttrDroppedTotal    = "podstatus.dropped.total"
	AttrObjectKind      = "podstatus.object.kind"
	AttrObjectName      = "podstatus.object.name"
	AttrEventCount      = "podstatus.event.count"
	AttrEventSource     = "podstatus.event.source"
	AttrEventType       = "podstatus.event.type"
	AttrGapFrom         = "podstatus.gap.from"
	AttrGapTo           = "podstatus.gap.to"
	AttrID              = "log.record.uid"
	AttrSeq             = "podstatus.seq"
	AttrTruncated       = "podstatus.truncated"

	// AttrLabelPrefix begins the attribute key of every pod label.
	AttrLabelPrefix = "k8s.pod.label."
)

// Keys on stdout that code outside the table names: these fields are not attributes,
// or are written in a special way.
const (
	KeyTime      = "time"
	KeyLevel     = "level"
	KeyMessage   = "msg"
	KeyTraceID   = "trace_id"
	KeySpanID    = "span_id"
	KeyTruncated = "truncated"

	// KeyLabelPrefix begins the key of a label whose own key is that of a field.
	KeyLabelPrefix = "label."
)
