package owner

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pod-status-logger/pod-status-logger/core/owner/gate"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

const (
	// initialPatience is how long initial pods of a namespace wait for look-ups that fail,
	// since one of them last succeeded.
	initialPatience = time.Minute

	// progressEvery is how often waiting initial pods are logged.
	progressEvery = 10 * time.Second

	// busyPause is the pause before a look-up for which there was no room.
	busyPause = 100 * time.Millisecond
)

// FindInitial is Find for pods that existed before the first start. All of them come at
// once, and their records are the only ones that show their bundles until something
// happens to them, so it has no deadline: it waits until the look-ups have ended, repeats
// those that failed for a while, and lists the owners of a kind if many are missing. Only
// ctx and [Finder.Close] end it early. A namespace that has spent its share of look-ups for
// owners that don't exist is not waited for.
func (f *Finder) FindInitial(ctx context.Context, pods []*record.Pod) {
	defer f.lists.hold()()
	progress := f.newProgress()
	defer progress.Stop()
	f.list(ctx, pods, progress)
	for {
		for _, w := range f.setCached(pods, true) {
			progress.wait(ctx, w.flight.done)
			w.reason = ReasonDeadline
			w.setOwners()
		}
		again := f.retryAt(pods)
		if again.IsZero() || !progress.sleep(ctx, time.Until(again)) {
			return
		}
	}
}

// list waits for the lists that may have the owners of the pods.
func (f *Finder) list(ctx context.Context, pods []*record.Pod, progress *progress) {
	for range maxDepth {
		wanted := f.wanted(pods)
		if len(wanted) == 0 {
			return
		}
		for _, one := range wanted {
			if !progress.wait(ctx, one.done) {
				return
			}
		}
	}
}

// wanted returns the lists that are not complete and may have owners of the pods.
func (f *Finder) wanted(pods []*record.Pod) (wanted []*listing) {
	asked := make(map[string]bool)
	for _, pod := range pods {
		if pod.Controller == (record.OwnerRef{}) || !isLookedUp(pod.Controller) || asked[pod.Controller.UID] {
			continue
		}
		asked[pod.Controller.UID] = true
		if f.isCached(pod) {
			continue
		}
		if ref := f.lists.unlisted(pod.Namespace, pod.Controller); ref != (record.OwnerRef{}) {
			if one := f.lists.want(pod.Namespace, ref); one != nil {
				wanted = append(wanted, one)
			}
		}
	}
	return wanted
}

func (f *Finder) isCached(pod *record.Pod) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, due := f.chains.find(keyOf(pod), revisionOf(pod), time.Now())
	return e != nil && !due
}

// retryAt returns when the look-ups that failed may be repeated: zero if there is none, or
// if the pods have waited for long enough. The wait is charged to their namespaces.
func (f *Finder) retryAt(pods []*record.Pod) (at time.Time) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := map[*share]bool{}
	for _, pod := range pods {
		due := f.dueAgain(pod, now)
		if due.IsZero() {
			continue
		}
		sh := f.shares.of(pod.Namespace, now)
		if sh.patience.left(now) <= 0 {
			continue
		}
		waiting[sh] = true
		if at.IsZero() || due.After(at) {
			at = due
		}
	}
	for sh := range waiting {
		sh.patience.spend(max(busyPause, at.Sub(now)).Seconds(), now)
	}
	return at
}

// dueAgain returns when the look-up for a pod may be repeated, zero if it ended permanently.
// A group that Kubernetes itself doesn't serve may be unavailable forever. The mutex is held.
func (f *Finder) dueAgain(pod *record.Pod, now time.Time) time.Time {
	if !pod.Owners.Pending {
		return time.Time{}
	}
	switch pod.Owners.Reason {
	case ReasonBusy:
		return now.Add(busyPause)
	case ReasonThrottled, ReasonTimeout, ReasonFailed:
		last := pod.Owners.Owners[len(pod.Owners.Owners)-1]
		gv, err := schema.ParseGroupVersion(last.APIVersion)
		if err != nil || !gate.Builtin(gv.Group) {
			return time.Time{}
		}
		return f.chains.peek(keyOf(pod), revisionOf(pod)).until
	}
	return time.Time{}
}

// progress logs that initial pods wait.
type progress struct {
	*time.Ticker

	finder *Finder
	began  time.Time
}

func (f *Finder) newProgress() *progress {
	return &progress{time.NewTicker(progressEvery), f, time.Now()}
}

// wait waits until done is closed. It returns false if ctx or the Finder ended before.
func (p *progress) wait(ctx context.Context, done <-chan struct{}) bool {
	for {
		select {
		case <-done:
			return true
		case <-p.C:
			p.finder.settings.Logger.Info("owners: records of existing pods wait until their owners are known",
				"waiting", time.Since(p.began).Round(time.Second), "listed", p.finder.lists.count())
		case <-ctx.Done():
			return false
		case <-p.finder.closed:
			return false
		}
	}
}

// sleep waits for d. It returns false if ctx or the Finder ended before.
func (p *progress) sleep(ctx context.Context, d time.Duration) bool {
	over := make(chan struct{})
	timer := time.AfterFunc(d, func() { close(over) })
	defer timer.Stop()
	return p.wait(ctx, over)
}
