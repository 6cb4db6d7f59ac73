// Package watch reads the objects of a resource, such as the pods of a cluster or of one namespace,
// as one ordered stream of events. However a watch ends, the stream resumes from the last
// resourceVersion. If the history since then is gone, it reads the full list, so that the reader
// can compare.
//
// A [Stream] never holds more than the object in hand, or one page of a list in JSON,
// and never queues. Sending to the reader's channel blocks; the API server holds the
// history meanwhile, and cuts the stream off if that takes too long, which is one more
// reason to resume. An informer keeps every object, queues without bound and can't
// start from a stored resourceVersion.
//
// Package recording reads the same events from kubectl's output.
//
// You don't need this package to look at objects now and then, nor to keep a cache of
// them; client-go's informers are made for that.
package watch
