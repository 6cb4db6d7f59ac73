package compare

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// change creates the next version of the pod: mostly as kubelets do, sometimes unexpectedly.
func (l *life) change(p *corev1.Pod) {
	switch {
	case p.Spec.NodeName == "" && l.chance(70):
		l.schedule(p)
	case p.Spec.NodeName == "":
		l.hold(p)
	case len(p.Status.ContainerStatuses) == 0 && l.chance(80):
		l.createAll(p)
	default:
		changes := l.changes()
		n := 0
		for _, c := range changes {
			n += c.weight
		}
		n = l.rng.IntN(n)
		for _, c := range changes {
			if n -= c.weight; n < 0 {
				c.apply(p)
				return
			}
		}
	}
}

type weighted struct {
	weight int
	apply  func(p *corev1.Pod)
}

func (l *life) changes() []weighted {
	return []weighted{
		{60, l.one(l.advance)},
		{20, l.one(l.flipReady)},
		{8, l.one(l.pullError)},
		{8, l.one(l.hiddenCrash)},
		{6, l.one(l.regress)},
		{4, l.one(l.odd)},
		{4, l.runAll},
		{10, l.conditions},
		{8, l.relabel},
		{8, l.annotate},
		{5, l.resize},
		{5, l.requestDeletion},
		{2, l.evict},
		{2, l.loseNode},
		{3, l.complete},
		{2, l.forgetStatus},
		{3, l.debug},
		{3, l.upgrade},
		{3, l.shuffle},
		{2, l.podMessage},
	}
}

func (l *life) schedule(p *corev1.Pod) {
	p.Spec.NodeName, p.Spec.SchedulingGates = pick(l.world, "n1", "n2", "node-3.example.com"), nil
	l.condition(p, corev1.PodScheduled, corev1.ConditionTrue, "", "")
}

// hold leaves the pod without a node, for a reason.
func (l *life) hold(p *corev1.Pod) {
	if len(p.Spec.SchedulingGates) > 0 {
		l.condition(p, corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonSchedulingGated,
			"Scheduling is blocked due to non-empty scheduling gates")
		return
	}
	l.condition(p, corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, pick(l.world,
		"0/3 nodes are available: 3 Insufficient cpu.", "0/3 nodes are available: 1 node(s) had untolerated taint.", ""))
}

func (l *life) condition(p *corev1.Pod, kind corev1.PodConditionType, status corev1.ConditionStatus, reason,
	message string,
) {
	c := corev1.PodCondition{Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: l.now()}
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == kind {
			p.Status.Conditions[i] = c
			return
		}
	}
	p.Status.Conditions = append(p.Status.Conditions, c)
}

func (l *life) conditions(p *corev1.Pod) {
	kind := pick(l.world, corev1.PodReady, corev1.ContainersReady, corev1.PodInitialized, corev1.PodReadyToStartContainers,
		corev1.DisruptionTarget, "example.com/gate")
	l.condition(p, kind, pick(l.world, corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown),
		pick(l.world, "", "", "ContainersNotReady", "PodCompleted", "EvictionByEvictionAPI"), pick(l.world, "", l.text()))
}

func (l *life) relabel(p *corev1.Pod) {
	p.Labels = maps.Clone(p.Labels)
	switch l.rng.IntN(4) {
	case 0:
		delete(p.Labels, "app")
	case 1:
		p.Labels["tier"] = pick(l.world, "web", "cache", "") // may leave a selection, or come back
	case 2:
		p.Labels["example.com/added"] = l.text()
	default:
		p.Labels["version"] = pick(l.world, "1", "2", "3")
	}
}

func (l *life) annotate(p *corev1.Pod) { p.Annotations = l.annotations() }

// resize changes fields without records.
func (l *life) resize(p *corev1.Pod) {
	p.Spec.ActiveDeadlineSeconds = new(int64(l.rng.IntN(1000)))
	p.Status.QOSClass = pick(l.world, corev1.PodQOSBurstable, corev1.PodQOSBestEffort)
}

func (l *life) requestDeletion(p *corev1.Pod) {
	if p.DeletionTimestamp == nil {
		p.DeletionTimestamp = new(l.now())
	}
	p.DeletionGracePeriodSeconds = new(pick(l.world, int64(0), 1, 30, 30, 30, 600))
}

func (l *life) evict(p *corev1.Pod) {
	p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "Evicted",
		"The node was low on resource: memory. "+l.text()
}

func (l *life) loseNode(p *corev1.Pod) {
	p.Status.Phase, p.Status.Reason = pick(l.world, corev1.PodUnknown, corev1.PodRunning), "NodeLost"
	p.Status.Message = "Node n1 which was running pod is unresponsive"
}

func (l *life) complete(p *corev1.Pod) {
	for _, c := range statuses(p) {
		l.terminate(c, 0, "Completed")
	}
	p.Status.Phase = corev1.PodSucceeded
}

// forgetStatus replaces the pod's status.
func (l *life) forgetStatus(p *corev1.Pod) {
	if p.Status.ContainerStatuses = nil; l.chance(50) {
		p.Status = corev1.PodStatus{Phase: corev1.PodPending}
	}
}

// debug adds an ephemeral container.
func (l *life) debug(p *corev1.Pod) {
	if len(p.Spec.EphemeralContainers) == 0 {
		c := l.container("debugger")
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{
			EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: c.Name, Image: c.Image},
		}}
		return
	}
	p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{l.created("debugger", "debugger")}
	l.advance(p, &p.Status.EphemeralContainerStatuses[0])
}

func (l *life) upgrade(p *corev1.Pod) {
	for _, c := range statuses(p) {
		c.Image += "-next"
	}
}

// shuffle changes the order of statuses, which isn't that of the spec.
func (l *life) shuffle(p *corev1.Pod) {
	if l.chance(20) {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, l.created("stranger", "of no spec"))
	}
	s := p.Status.ContainerStatuses
	l.rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

func (l *life) podMessage(p *corev1.Pod) {
	p.Status.Reason, p.Status.Message = pick(l.world, "", "Preempting", "Terminated"), l.text()
	p.Status.Phase = pick(l.world, corev1.PodRunning, corev1.PodFailed, corev1.PodPending)
}
