package apiscript

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// Create adds an object and returns it as stored. A missing namespace ("default"),
// uid and creationTimestamp are filled in. Creating an object that exists panics:
// the script is wrong.
func (o *Objects[T]) Create(object T) T {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	created := deepCopy(object)
	if created.GetNamespace() == "" {
		created.SetNamespace(metav1.NamespaceDefault)
	}
	if o.store.current[keyOf(created)] != nil {
		panic(fmt.Sprintf("apiscript: create %s: it exists", keyOf(created)))
	}
	o.put(created)
	return deepCopy(created)
}

// Update changes a copy of the object through change, stores it as a new version and
// returns it. Updating an object that doesn't exist panics. change must not call the
// server.
func (o *Objects[T]) Update(namespace, name string, change func(T)) T {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	updated := deepCopy(o.existing(namespace, name))
	change(updated)
	updated.SetNamespace(namespace)
	updated.SetName(name)
	o.put(updated)
	return deepCopy(updated)
}

// Set stores the object as given, whether it exists or not. It copies the object only,
// not the memory that it points to, which must not change afterwards. So it is the cheap
// way to write for load generators. Namespace and name must be set.
func (o *Objects[T]) Set(object T) {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	o.put(shallow(object))
}

// Delete removes the object: the change carries its last state with the deletion's
// resourceVersion. Deleting an object that doesn't exist panics.
func (o *Objects[T]) Delete(namespace, name string) {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	prev := o.existing(namespace, name)
	last := shallow(prev)
	last.SetResourceVersion(formatRV(o.store.next()))
	o.store.change(watch.Deleted, last, prev)
	o.wake()
}

// All returns the objects that exist, ordered by namespace and name.
func (o *Objects[T]) All() []T {
	o.server.mu.Lock()
	defer o.server.mu.Unlock()
	var all []T
	for _, e := range o.store.snapshot(everything()) {
		object, _ := e.object.(T)
		all = append(all, deepCopy(object))
	}
	return all
}

// existing returns the stored object. The mutex is held.
func (o *Objects[T]) existing(namespace, name string) T {
	e := o.store.current[key{namespace, name}]
	if e == nil {
		panic(fmt.Sprintf("apiscript: %s does not exist", key{namespace, name}))
	}
	object, _ := e.object.(T)
	return object
}

func deepCopy[T Object](o T) T {
	c, _ := o.DeepCopyObject().(T)
	return c
}

// put stores an object as its next version. The mutex is held.
func (c *Collection) put(o Object) {
	rv := c.store.next()
	kind, prev := watch.Added, Object(nil)
	if e := c.store.current[keyOf(o)]; e != nil {
		kind, prev = watch.Modified, e.object
		o.SetUID(prev.GetUID())
		o.SetCreationTimestamp(prev.GetCreationTimestamp())
	}
	o.GetObjectKind().SetGroupVersionKind(c.resource.GroupVersion.WithKind(c.resource.Kind))
	o.SetResourceVersion(formatRV(rv))
	if o.GetUID() == "" {
		o.SetUID(types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012x", rv)))
	}
	if created := o.GetCreationTimestamp(); created.IsZero() {
		o.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	}
	c.store.change(kind, o, prev)
	c.wake()
}

// Changes returns every write since [Collection.Rewind] in order, the newest of them
// at least: see [WithChanges].
func (c *Collection) Changes() []Change {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return slices.Clone(c.store.changes)
}

// ResourceVersion returns the version of the last write.
func (c *Collection) ResourceVersion() string {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return formatRV(c.store.rv)
}

// Advance raises the resourceVersion by n without a change of any object, as writes
// of other resources do.
func (c *Collection) Advance(n int) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.store.rv += uint64(n)
}

// Bookmark sends the present resourceVersion to every stream that allows it, behind
// the changes so far.
func (c *Collection) Bookmark() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.store.append(&entry{rv: c.store.rv, kind: watch.Bookmark})
	c.wake()
}
