package explain

import (
	"slices"
	"strings"

	"github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"
)

// disruptionCauses are the causes for which the control plane ends a pod.
func disruptionCauses() []Cause {
	return []Cause{
		{
			Rule: "`reason` `PreemptionByScheduler`",
			Says: "was preempted by the scheduler to make room for a pod of higher priority",
			Help: "Give it a higher PriorityClass, or the cluster more room. A PodDisruptionBudget is respected " +
				"only if possible.",
			Page:   "concepts/scheduling-eviction/pod-priority-preemption/",
			weight: fate, matches: hasReason("PreemptionByScheduler"),
		},
		{
			Rule: "`reason` `EvictionByEvictionAPI`",
			Says: "was evicted through the API, as kubectl drain and autoscalers do",
			Help: "Nothing, if the node was drained on purpose. Several replicas and a PodDisruptionBudget keep " +
				"the service up.",
			Page:   "concepts/scheduling-eviction/api-eviction/",
			weight: fate, matches: hasReason("EvictionByEvictionAPI"),
		},
		{
			Rule: "`reason` `DeletionByTaintManager`",
			Says: "was deleted because its node has a taint that it does not tolerate",
			Help: "Check whether the node is down. A longer tolerationSeconds for not-ready and unreachable keeps " +
				"pods through short outages.",
			Page:   "concepts/scheduling-eviction/taint-and-toleration/",
			weight: fate, matches: hasReason("DeletionByTaintManager"),
		},
		{
			Rule:   "`reason` `DeletionByPodGC`",
			Says:   "was removed by the pod garbage collector, because its node no longer exists",
			Help:   "Find out why the node went: a spot instance was reclaimed, or an autoscaler removed it without draining.",
			Page:   "concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection",
			weight: fate, matches: hasReason("DeletionByPodGC"),
		},
	}
}

// kubeletCauses are the causes for which a kubelet ends a pod.
func kubeletCauses() []Cause {
	return []Cause{
		{
			Rule: "`reason` `Evicted` or `TerminationByKubelet`",
			Says: "was evicted by the kubelet, because its node was low on a resource or the pod exceeded a limit " +
				"of storage",
			Help: "Set requests near the real use of memory and ephemeral-storage, and look for the pod that uses " +
				"most on the node.",
			Page:   "concepts/scheduling-eviction/node-pressure-eviction/",
			weight: fate, matches: hasReason("Evicted", "TerminationByKubelet"),
		},
		{
			Rule:   "`reason` `DeadlineExceeded`",
			Says:   "ran longer than its activeDeadlineSeconds",
			Help:   "Raise activeDeadlineSeconds, or find out why the work takes so long.",
			Page:   "concepts/workloads/controllers/job/#job-termination-and-cleanup",
			weight: fate, matches: hasReason("DeadlineExceeded"),
		},
		{
			Rule:   "`reason` `NodeShutdown` or `Terminated`, without `container`",
			Says:   "was ended because its node shut down",
			Help:   "Drain nodes before they shut down; set shutdownGracePeriod of the kubelet.",
			Page:   "concepts/cluster-administration/node-shutdown/",
			weight: fate, matches: func(f *timeline.Fact) bool {
				return f.Container == "" && (f.Reason == "NodeShutdown" || f.Reason == "Terminated")
			},
		},
		{
			Rule: "`reason` `UnexpectedAdmissionError`, `NodeAffinity`, `OutOfcpu` and other refusals of a failed pod",
			Says: "was refused by the kubelet of its node: {reason}",
			Help: "The node changed after scheduling: look for another pod, device plugin or label there. " +
				"Its controller makes another pod.",
			Page:   "concepts/scheduling-eviction/assign-pod-node/",
			weight: fate, matches: refused,
		},
		{
			Rule:   "`phase` `Unknown`, or `reason` `NodeLost`",
			Says:   "is on a node that does not report any more",
			Help:   "Look at the node and its kubelet.",
			Page:   "concepts/architecture/nodes/#condition",
			weight: fate, matches: func(f *timeline.Fact) bool { return f.Phase == "Unknown" || f.Reason == "NodeLost" },
		},
	}
}

// refused reports whether the kubelet did not admit a pod.
func refused(f *timeline.Fact) bool {
	return f.Container == "" && f.Condition == "" && f.Phase == "Failed" &&
		(strings.HasPrefix(f.Reason, "OutOf") || hasReason(
			"UnexpectedAdmissionError", "NodeAffinity", "NodeAffinityChanged", "NodePorts", "Preempting",
			"TopologyAffinityError", "PodLevelResourcesNotAdmittedReason", "AppArmor", "SysctlForbidden",
			"PodOSSelectorNodeLabelDoesNotMatch", "PodOSNotSupported", "InvalidNodeInfo", "PodFeatureUnsupported")(f))
}

// about returns a rule about conditions.
func about(types ...string) func(*timeline.Fact) bool {
	return func(f *timeline.Fact) bool { return slices.Contains(types, f.Condition) }
}

// roomCauses are the causes for which a pod does not get its place.
func roomCauses() []Cause {
	return []Cause{
		{
			Rule:   "`condition` `PodScheduled` with `SchedulingGated`",
			Says:   "waits until its scheduling gates are removed",
			Help:   "Look at the controller that set spec.schedulingGates, such as a queue.",
			Page:   "concepts/scheduling-eviction/pod-scheduling-readiness/",
			weight: delay, matches: func(f *timeline.Fact) bool { return f.Reason == "SchedulingGated" },
		},
		{
			Rule: "`condition` `PodScheduled` with another reason",
			Says: "was not scheduled, because no node had room or matched its constraints",
			Help: "The message counts the nodes by reason: add nodes, lower requests, or correct selectors, " +
				"taints and volumes.",
			Page:   "concepts/scheduling-eviction/kube-scheduler/",
			weight: delay, matches: about("PodScheduled"),
		},
		{
			Rule:   "`condition` `PodResizePending` or `PodResizeInProgress`, level warning",
			Says:   "can't be resized: {reason}",
			Help:   "Request less than the node has, or replace the pod so that it can go to a larger one.",
			Page:   "tasks/configure-pod-container/resize-container-resources/",
			weight: delay, matches: about("PodResizePending", "PodResizeInProgress"),
		},
	}
}

// readinessCauses are the causes that conditions show of pods that run.
func readinessCauses() []Cause {
	return []Cause{
		{
			Rule:   "`condition` `AllContainersRestarting`",
			Says:   "restarts all its containers, because one ended in a way that a rule of the pod names",
			Help:   "Look at the container that ended first, and at restartPolicyRules.",
			Page:   "concepts/workloads/pods/pod-lifecycle/#restart-policy",
			weight: consequence, matches: about("AllContainersRestarting"),
		},
		{
			Rule:   "`condition` `PodReadyToStartContainers` is False",
			Says:   "lost its sandbox, such as after a restart of its node or runtime",
			Help:   "Check whether the node rebooted, and look at the log of the runtime and the network plugin.",
			Page:   "concepts/workloads/pods/pod-lifecycle/#pod-has-network",
			weight: failure, matches: about("PodReadyToStartContainers", "Initialized"),
		},
		{
			Rule:   "`condition` `Ready`, without a reason or with `NodeNotReady` or `NodeStatusUnknown`",
			Says:   "is not ready although its containers are: its node may be down",
			Help:   "Look at the node and its kubelet, or at the controller that writes the condition.",
			Page:   "concepts/architecture/nodes/#condition",
			weight: failure, matches: func(f *timeline.Fact) bool {
				return f.Condition == "Ready" && hasReason("", "NodeNotReady", "NodeStatusUnknown")(f)
			},
		},
		{
			Rule:   "`state` `running` of a container, level warning",
			Says:   "runs, but is no longer ready: its readiness probe fails",
			Help:   "Look at the probe and at the log; with --events, records have the answer of the probe.",
			Page:   probes,
			weight: failure, matches: func(f *timeline.Fact) bool {
				return f.Container != "" && f.State == "running" && !f.Ready && f.Level == "warning" && f.Device == ""
			},
		},
		{
			Rule:   "`condition` `Ready` or `ContainersReady`, otherwise",
			Says:   "is not ready: {reason}",
			Help:   "Look at the readiness gates of the pod, and at the probes of its containers.",
			Page:   "concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate",
			weight: consequence, matches: about("Ready", "ContainersReady"),
		},
		{
			Rule:   "another `condition`, level warning",
			Says:   "fails readiness gate {condition}",
			Help:   "Look at the controller that sets this condition, such as that of a load balancer.",
			Page:   "concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate",
			weight: failure, matches: func(f *timeline.Fact) bool { return f.Condition != "" },
		},
	}
}
