package apiscript

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// Create adds a pod and returns it as stored. A missing namespace ("default"),
// uid and creationTimestamp are filled in. Creating a pod that exists panics:
// the script is wrong.
func (s *Server) Create(pod *corev1.Pod) *corev1.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := pod.DeepCopy()
	if p.Namespace == "" {
		p.Namespace = metav1.NamespaceDefault
	}
	if s.store.current[key{p.Namespace, p.Name}] != nil {
		panic(fmt.Sprintf("apiscript: create pod %s/%s: it exists", p.Namespace, p.Name))
	}
	s.put(p)
	return p.DeepCopy()
}

// Update changes a copy of the pod through change and stores it as a new
// version. Updating a pod that doesn't exist panics. change must not call the
// server.
func (s *Server) Update(namespace, name string, change func(*corev1.Pod)) *corev1.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.existing(namespace, name).DeepCopy()
	change(p)
	p.Namespace, p.Name = namespace, name
	s.put(p)
	return p.DeepCopy()
}

// Set stores the pod as given, whether it exists or not, without copying: it
// must not be changed afterwards, nor anything that it points to. That makes it
// the cheap way to write for load generators; namespace and name must be set.
func (s *Server) Set(pod *corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := *pod
	s.put(&p)
}

// Delete removes the pod: the change carries its last state with the deletion's
// resourceVersion. Deleting a pod that doesn't exist panics.
func (s *Server) Delete(namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	prev := s.existing(namespace, name)
	s.store.rv++
	last := *prev
	last.ResourceVersion = formatRV(s.store.rv)
	s.store.change(watch.Deleted, &last, prev)
	s.wake()
}

// Pods returns the pods that exist, ordered by namespace and name.
func (s *Server) Pods() []*corev1.Pod {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pods []*corev1.Pod
	for _, e := range s.store.snapshot(everything()) {
		pods = append(pods, e.pod.DeepCopy())
	}
	return pods
}

// Changes returns every write since [Server.Rewind] in order, the newest of them
// at least: see [WithChanges].
func (s *Server) Changes() []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.store.changes)
}

// ResourceVersion returns the version of the last write.
func (s *Server) ResourceVersion() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return formatRV(s.store.rv)
}

// Advance raises the resourceVersion by n without a change of any pod, as
// writes of other resources do.
func (s *Server) Advance(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.rv += uint64(n)
}

// Bookmark sends the present resourceVersion to every stream that allows it,
// behind the changes so far.
func (s *Server) Bookmark() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.append(&entry{rv: s.store.rv, kind: watch.Bookmark})
	s.wake()
}

func (s *Server) existing(namespace, name string) *corev1.Pod {
	e := s.store.current[key{namespace, name}]
	if e == nil {
		panic(fmt.Sprintf("apiscript: pod %s/%s does not exist", namespace, name))
	}
	return e.pod
}

// put stores p as the next version.
func (s *Server) put(p *corev1.Pod) {
	s.store.rv++
	kind, prev := watch.Added, (*corev1.Pod)(nil)
	if e := s.store.current[key{p.Namespace, p.Name}]; e != nil {
		kind, prev = watch.Modified, e.pod
		p.UID, p.CreationTimestamp = prev.UID, prev.CreationTimestamp
	}
	p.TypeMeta = podKind()
	p.ResourceVersion = formatRV(s.store.rv)
	if p.UID == "" {
		p.UID = types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", s.store.rv))
	}
	if p.CreationTimestamp.IsZero() {
		p.CreationTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
	}
	s.store.change(kind, p, prev)
	s.wake()
}
