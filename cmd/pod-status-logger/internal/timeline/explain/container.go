package explain

import "github.com/pod-status-logger/pod-status-logger/cmd/pod-status-logger/internal/timeline"

// imageCauses are the reasons for which an image is missing.
func imageCauses() []Cause {
	pulls := []string{"ErrImagePull", "ImagePullBackOff"}
	const images = "concepts/containers/images/"
	return []Cause{
		{
			Rule:   "`reason` `InvalidImageName`",
			Says:   "can't start: {image} is not the name of an image",
			Help:   "Correct spec.containers[].image.",
			Page:   images + "#image-names",
			weight: failure, matches: waits([]string{"InvalidImageName"}),
		},
		{
			Rule:   "`reason` `ErrImageNeverPull`",
			Says:   "can't start: its image is not on the node, and imagePullPolicy Never forbids to pull it",
			Help:   "Load the image on all nodes, or use imagePullPolicy IfNotPresent.",
			Page:   images + "#image-pull-policy",
			weight: failure, matches: waits([]string{"ErrImageNeverPull"}),
		},
		{
			Rule: "`reason` `ErrImagePull` or `ImagePullBackOff`; the message denies access",
			Says: "can't start: the registry denies access to its image, or there is no such repository",
			Help: "Check the name of the image for typing errors, and imagePullSecrets.",
			Page: images + "#using-a-private-registry", weight: failure,
			matches: waits(pulls, "denied", "unauthorized", "forbidden", "authentication required", "401", "403"),
		},
		{
			Rule:   "likewise; the message says not found",
			Says:   "can't start: its image does not exist",
			Help:   "Check name and tag of the image, and that its build was pushed.",
			Page:   images + "#image-names",
			weight: failure, matches: waits(pulls, "not found", "manifest unknown", "does not exist"),
		},
		{
			Rule:   "likewise; another message, or `ImageInspectError`, `RegistryUnavailable`, `SignatureValidationFailed`",
			Says:   "can't start: its image can't be pulled",
			Help:   "Look at the message: often the registry can't be reached from the node, or limits requests.",
			Page:   images,
			weight: failure, matches: waits(append(pulls,
				"ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed")),
		},
	}
}

// startCauses are the reasons for which a container can't start.
func startCauses() []Cause {
	return []Cause{
		{
			Rule:   "`reason` `CreateContainerConfigError`",
			Says:   "can't start: its configuration refers to something that is missing, such as a ConfigMap, Secret or key",
			Help:   "Create the object that the message names, or mark the reference as optional.",
			Page:   "tasks/configure-pod-container/configure-pod-configmap/",
			weight: failure, matches: waits([]string{"CreateContainerConfigError"}),
		},
		{
			Rule: "`reason` `PreCreateHookError`, `PreStartHookError` or `PostStartHookError`",
			Says: "can't start: a hook before or after its start fails",
			Help: "Look at the message: PreCreate and PreStart are hooks of the kubelet for CPUs and devices, " +
				"PostStart is the pod's own.",
			Page:   "concepts/containers/container-lifecycle-hooks/",
			weight: failure, matches: waits([]string{"PreCreateHookError", "PreStartHookError", "PostStartHookError"}),
		},
		{
			Rule:   "`reason` `CreateContainerError`, `RunContainerError`, `StartError` or `ContainerCannotRun`",
			Says:   "can't start: the runtime can't create or start it",
			Help:   "Look at the message: often the command does not exist in the image, or a mount can't be made.",
			Page:   "tasks/inject-data-application/define-command-argument-container/",
			weight: failure, matches: func(f *timeline.Fact) bool {
				return f.Container != "" &&
					hasReason("CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun")(f)
			},
		},
		{
			Rule:   "`state` `error` of a container, with another reason",
			Says:   "can't start: {reason}",
			Help:   "Look at the message.",
			Page:   "tasks/debug/debug-application/debug-pods/",
			weight: failure, matches: func(f *timeline.Fact) bool { return f.Container != "" && f.State == "error" },
		},
		{
			Rule:   "`device` that is not healthy",
			Says:   "has a device that is not healthy: {device}",
			Help:   "Look at the device and its driver on the node; move the pod to another node.",
			Page:   "concepts/extend-kubernetes/compute-storage-net/device-plugins/",
			weight: failure, matches: func(f *timeline.Fact) bool { return f.Device != "" && f.Level != "info" },
		},
	}
}

// Pages that several causes have.
const (
	lifecycle = "concepts/workloads/pods/pod-lifecycle/"
	debugging = "tasks/debug/debug-application/"
	probes    = "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
)

// killCauses are the reasons for which a container was ended.
func killCauses() []Cause {
	return []Cause{
		{
			Rule: "terminated with `OOMKilled`",
			Says: "was killed because it ran out of memory",
			Help: "Raise resources.limits.memory, or make the program use less; runtimes such as the JVM need to " +
				"know the limit.",
			Page:   "tasks/configure-pod-container/assign-memory-resource/",
			weight: failure, matches: ended(hasReason("OOMKilled")),
		},
		{
			Rule:   "terminated with `ContainerStatusUnknown`",
			Says:   "was lost: the kubelet does not know how it ended",
			Help:   "Check whether the node or its runtime was restarted.",
			Page:   lifecycle + "#container-state-terminated",
			weight: failure, matches: ended(hasReason("ContainerStatusUnknown")),
		},
		{
			Rule:   "`reason` `RestartingAllContainers`",
			Says:   "was removed to restart all containers of the pod",
			Help:   "Look at the container that ended first, and at restartPolicyRules.",
			Page:   lifecycle + "#restart-policy",
			weight: consequence, matches: hasReason("RestartingAllContainers"),
		},
		{
			Rule:   "terminated with exit code 126 or 127",
			Says:   "ended with exit code {exit}: a command was not found, or can't be executed",
			Help:   "Check command and args, and that the image contains the program for this platform.",
			Page:   "tasks/inject-data-application/define-command-argument-container/",
			weight: failure, matches: exited(126, 127),
		},
		{
			Rule: "terminated with exit code 137, but not `OOMKilled`",
			Says: "was killed (exit code 137): it did not end in time when it was stopped, or failed its liveness probe",
			Help: "Let the program end on SIGTERM within terminationGracePeriodSeconds; check the liveness " +
				"and startup probes. " +
				"With --events, records name the probe.",
			Page:   probes,
			weight: failure, matches: exited(137),
		},
		{
			Rule:   "terminated with exit code 143",
			Says:   "ended by SIGTERM (exit code 143): it was stopped, such as after a failed liveness probe",
			Help:   "Check the liveness and startup probes.",
			Page:   probes,
			weight: failure, matches: exited(143),
		},
	}
}

// endCauses are the reasons for which a container ended by itself.
func endCauses() []Cause {
	return []Cause{
		{
			Rule:   "terminated with exit code 134 or 139",
			Says:   "crashed in native code (exit code {exit})",
			Help:   "Look at its log, and for a core dump; native libraries may not fit the image or the processor.",
			Page:   debugging + "determine-reason-pod-failure/",
			weight: failure, matches: exited(134, 139),
		},
		{
			Rule:   "terminated with another exit code, level error or warning",
			Says:   "ended with an error (exit code {exit})",
			Help:   "Look at its log: kubectl logs POD -c CONTAINER --previous. A termination message names the cause here.",
			Page:   debugging + "determine-reason-pod-failure/",
			weight: failure, matches: ended(func(f *timeline.Fact) bool { return f.ExitCode != 0 && f.Level != "info" }),
		},
		{
			Rule: "waiting with `CrashLoopBackOff`",
			Says: "ends again and again, and waits for its next restart",
			Help: "If it ends by itself and with success, it belongs into a Job. A failed liveness or " +
				"startup probe ends it, too: " +
				"with --events, records name the probe.",
			Page:   lifecycle + "#how-pods-handle-problems-with-containers",
			weight: consequence, matches: waits([]string{"CrashLoopBackOff"}),
		},
		{
			Rule:   "`state` `error` without `container` and without a cause",
			Says:   "failed, and its status has no reason of its own",
			Help:   "Look at its log, and at the controller that set the phase.",
			Page:   lifecycle + "#pod-phase",
			weight: consequence, matches: func(f *timeline.Fact) bool {
				return f.Container == "" && f.Condition == "" && f.Phase == "Failed" && f.State == "error"
			},
		},
	}
}

// eventCauses are the causes that only Events of Kubernetes have.
func eventCauses() []Cause {
	probe := func(name, says string, w weight) Cause {
		return Cause{
			Rule: "`action` `event`, `reason` `Unhealthy`; the message names a " + name + " probe",
			Says: says, Help: "Look at the answer in the message; allow more time, or correct path and port.",
			Page: probes, weight: w, matches: event("Unhealthy", name),
		}
	}
	return []Cause{
		probe("liveness", "fails its liveness probe, and is restarted", failure),
		probe("startup", "fails its startup probe, and is restarted", failure),
		probe("readiness", "fails its readiness probe", delay),
		{
			Rule: "`action` `event`, `reason` `FailedMount` or `FailedAttachVolume`",
			Says: "can't start: a volume can't be mounted",
			Help: "Look at the message, and at the PersistentVolumeClaim, Secret or ConfigMap that it names.",
			Page: "concepts/storage/persistent-volumes/", weight: failure, matches: func(f *timeline.Fact) bool {
				return f.Action == "event" && (f.Reason == "FailedMount" || f.Reason == "FailedAttachVolume")
			},
		},
		{
			Rule: "`action` `event`, `reason` `FailedCreatePodSandBox`",
			Says: "can't start: its network can't be set up",
			Help: "Look at the message, and at the network plugin on the node.",
			Page: "concepts/extend-kubernetes/compute-storage-net/network-plugins/", weight: failure,
			matches: event("FailedCreatePodSandBox", ""),
		},
	}
}
