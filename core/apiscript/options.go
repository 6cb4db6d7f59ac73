package apiscript

import "time"

// Option changes how a server behaves from its start.
type Option func(*options)

type options struct {
	address      string
	history      int
	changes      int
	pending      int
	bookmarks    time.Duration
	jsonOnly     bool
	tls          bool
	httpGone     bool
	firstVersion uint64
}

func defaults() options {
	return options{
		address: "127.0.0.1:0", history: 10_000, changes: 1 << 19, pending: 10_000, firstVersion: 1000,
	}
}

// WithAddress is the address on which the server listens. Default: a free port of
// 127.0.0.1, which a connection of anybody may take while the server is down.
func WithAddress(address string) Option { return func(o *options) { o.address = address } }

// WithHistory bounds the number of changes (and bookmarks) that a watch can
// begin behind. Default 10,000.
func WithHistory(n int) Option { return func(o *options) { o.history = max(1, n) } }

// WithChanges is how many of the newest writes [Server.Changes] has at least; it
// has twice as many at most. Default half a million.
func WithChanges(n int) Option { return func(o *options) { o.changes = max(1, n) } }

// WithPending bounds the changes that a stream may be behind before the server
// ends it for being slow. Default 10,000; a real server allows about 100 to
// 1000, beyond what connection and sockets hold.
func WithPending(n int) Option { return func(o *options) { o.pending = max(1, n) } }

// WithBookmarks sends a bookmark to every stream that allows it in this
// interval. Default: only [Server.Bookmark] does. A real server takes a minute.
func WithBookmarks(every time.Duration) Option { return func(o *options) { o.bookmarks = every } }

// WithJSONOnly makes a server that doesn't speak protobuf.
func WithJSONOnly() Option { return func(o *options) { o.jsonOnly = true } }

// WithTLS serves HTTPS, and so HTTP/2, with a self-signed certificate that
// [Server.Config] trusts.
func WithTLS() Option { return func(o *options) { o.tls = true } }

// WithHTTPGone answers a watch whose history is gone with the HTTP status 410.
// Default: an ERROR event within a stream, as the real server does; proxies and
// aggregated servers may do otherwise.
func WithHTTPGone() Option { return func(o *options) { o.httpGone = true } }
