// Package watch reads the pods of a cluster, or of one namespace, as one
// ordered stream of events that survives everything an API server does to a
// watch: it resumes from the last resourceVersion, and where the history behind
// that is gone it reads the full list, so that the reader can compare.
//
// A [Stream] never holds more than the pod in hand (or one page of a list) and
// never queues: sending to the reader's channel blocks, the API server holds
// the history meanwhile, and cuts the stream off if that takes too long, which
// is one more reason to resume. An informer can do neither: it keeps every pod,
// queues without bound and can't start from a stored resourceVersion.
//
// [Replay] reads the same events from what kubectl has printed.
//
// You don't need this package to look at pods now and then, nor to keep a cache
// of them; client-go's informers are made for that.
package watch
