package owner

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pod-status-logger/pod-status-logger/core/owner/gate"
	"github.com/pod-status-logger/pod-status-logger/core/record"
)

// Owners of initial pods
//
// At a first start all pods need their owners at once: two requests for each ReplicaSet
// take minutes in a large cluster. So once some owners of a kind are missing, all of that
// kind are listed, in pages and metadata only: a hundredth of the requests. Without the
// right to list, and for owners that are not in the list, they are requested one by one.
//
// The listed owners are used for initial pods only, as they grow old, and forgotten soon
// after the last of these.
const (
	// listAfter is the number of missing owners of a kind after which all are listed.
	listAfter = 16

	// maxListed bounds the memory of listed owners, about. In a cluster with more, the rest
	// is requested one by one.
	maxListed = 32 << 20

	// maxScopes is the number of kinds, by namespace, that are listed or counted.
	maxScopes = 4096

	// listedFor is how long listed owners are kept after their last use.
	listedFor = 30 * time.Second
)

// scope is what one list is about.
type scope struct {
	apiVersion, kind string
	namespace        string // "": all
}

// listing is a list that is under way or has ended.
type listing struct {
	scope
	done chan struct{}
}

// lists has the owners that were listed. Its methods may be called concurrently.
type lists struct {
	settings Settings
	source   *source
	start    func(list func(context.Context))

	mu       sync.Mutex
	missing  map[scope]int
	listings map[scope]*listing
	denied   map[gate.Right]bool // logged to be missing
	objects  map[string]*listed  // by uid
	kinds    map[record.OwnerRef]*record.OwnerRef
	bytes    int         // of all objects, about
	idle     *time.Timer // forgets all; nil: nothing is kept
	users    int         // calls that use the lists
}

func newLists(s Settings, src *source, start func(list func(context.Context))) *lists {
	l := &lists{settings: s, source: src, start: start, denied: map[gate.Right]bool{}}
	l.forget()
	return l
}

func (l *lists) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		l.idle.Stop()
	}
}

// hold keeps the lists until release is called, and a while longer.
func (l *lists) hold() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users++
	if l.idle != nil {
		l.idle.Stop()
	}
	return l.release
}

func (l *lists) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users--; l.users > 0 {
		return
	}
	l.idle = time.AfterFunc(listedFor, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.users == 0 {
			l.forget()
		}
	})
}

// forget forgets all but the missing rights. The mutex is held, or nobody else has l.
func (l *lists) forget() {
	l.missing, l.listings = map[scope]int{}, map[scope]*listing{}
	l.objects, l.bytes, l.idle = map[string]*listed{}, 0, nil
	l.kinds = map[record.OwnerRef]*record.OwnerRef{}
}

// get returns the object of a reference that an object of the namespace has, if it was
// listed. l may be nil.
func (l *lists) get(namespace string, ref record.OwnerRef) (object, bool) {
	if l == nil {
		return object{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.find(namespace, ref)
}

// find is get with the mutex held. An object in no namespace can own any other.
func (l *lists) find(namespace string, ref record.OwnerRef) (object, bool) {
	o, ok := l.objects[ref.UID]
	if !ok || o.name != ref.Name || o.kind.Kind != ref.Kind || !sameGroup(o.kind.APIVersion, ref.APIVersion) ||
		o.namespace != namespace && o.namespace != "" {
		return object{}, false
	}
	return o.object(ref), true
}

func sameGroup(a, b string) bool {
	if a == b {
		return true
	}
	of, err := schema.ParseGroupVersion(a)
	other, otherErr := schema.ParseGroupVersion(b)
	return err == nil && otherErr == nil && of.Group == other.Group
}

// add keeps an object, unless there are too many. l may be nil.
func (l *lists) add(o object) (kept bool) {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	uid := o.owner.UID
	if _, known := l.objects[uid]; known {
		return true
	}
	size := sizeOf(o)
	if l.bytes+size > maxListed {
		return false
	}
	l.bytes += size
	l.objects[uid] = l.compact(o)
	return true
}

// count returns the number of objects.
func (l *lists) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.objects)
}

// chain returns the owners of a pod in the namespace, if all of them were listed.
func (l *lists) chain(namespace string, ref record.OwnerRef) (owners []record.Owner, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	owners = make([]record.Owner, 0, 2) // as most have
	for ref != (record.OwnerRef{}) {
		o, ok := l.find(namespace, ref)
		if !ok || len(owners) == maxDepth {
			return nil, false
		}
		owners = append(owners, o.owner)
		namespace, ref = o.namespace, o.controller
	}
	return owners, true
}

// unlisted returns the first of a pod's owners that was not listed, zero if all were.
func (l *lists) unlisted(namespace string, ref record.OwnerRef) record.OwnerRef {
	l.mu.Lock()
	defer l.mu.Unlock()
	for depth := 0; ref != (record.OwnerRef{}); depth++ {
		o, ok := l.find(namespace, ref)
		if !ok || depth == maxDepth {
			return ref
		}
		namespace, ref = o.namespace, o.controller
	}
	return ref
}

// want counts a missing owner. It returns the list that may have it: nil while few are
// missing, or if the list has ended.
func (l *lists) want(namespace string, ref record.OwnerRef) *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := scope{apiVersion: ref.APIVersion, kind: ref.Kind}
	if len(l.settings.Namespaces) > 0 {
		at.namespace = namespace
	}
	if one := l.listings[at]; one != nil {
		select {
		case <-one.done:
			return nil
		default:
			return one
		}
	}
	if _, counted := l.missing[at]; !counted && len(l.missing) >= maxScopes {
		return nil
	}
	if l.missing[at]++; l.missing[at] <= listAfter {
		return nil
	}
	return l.begin(at)
}

// begin starts a list. The mutex is held.
func (l *lists) begin(at scope) *listing {
	one := &listing{scope: at, done: make(chan struct{})}
	l.listings[at] = one
	l.start(func(ctx context.Context) {
		defer close(one.done)
		l.read(ctx, one)
	})
	return one
}

// follow starts the list of the controllers of listed objects, which are missing next.
func (l *lists) follow(at scope, controller record.OwnerRef) {
	if controller == (record.OwnerRef{}) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at.apiVersion, at.kind = controller.APIVersion, controller.Kind
	if l.listings[at] == nil && len(l.listings) < maxScopes {
		l.begin(at)
	}
}
