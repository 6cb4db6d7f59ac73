// Package apiscript is a scripted API server for pods and their owners: real HTTP
// on the loopback interface, with lists, pages, watches, streaming lists, bookmarks
// and selectors in JSON and protobuf as the real server implements them, and every
// fault that a watch has to survive.
//
//	s := apiscript.NewServer()
//	defer s.Close()
//	client, err := watch.NewClient(s.Config())
//	...
//	s.Create(pod)
//	s.Update("shop", "cart-0", func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning })
//	s.CutStreams()
//	s.Delete("shop", "cart-0")
//	want := s.Changes() // what a watcher must have received
//
// A server that comes back with an older state, or as another cluster:
//
//	s.Down()
//	s.Rewind(900)
//	s.Create(pod) // at 901
//	err := s.Up()
//
// Other resources are listed and watched with a script of their own:
//
//	events := apiscript.Serve[*corev1.Event](s, apiscript.Events())
//	events.Create(event)
//	events.Expire() // pods keep their history
//
// Of the objects that own pods it serves the metadata, and the discovery documents
// of their kinds:
//
//	rs := s.SetOwner("apps/v1", "replicasets", &metav1.PartialObjectMetadata{...})
//	s.ForbidOwners("deployments", true)
//	s.DeleteOwner("apps/v1", "replicasets", "shop", rs.Name)
//	s.ForbidOwnerLists("replicasets", true)
//	asked := s.Requests() // those with the verb "get", or "list" for all of a resource
//
// Tests, the demo and benchmarks use it, so it doesn't depend on package testing.
// Every change is encoded at most once per media type, and all streams share the
// bytes. A watch that begins in the past reads them from the history. To measure a
// reader at full speed, make the changes first, with [WithHistory] large enough, then
// start the reader.
//
// It leaves out authorisation, admission, validation, graceful deletion, writing over
// HTTP, and everything but the metadata of owners. Use a real API server if these
// matter.
package apiscript
