package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"k8s.io/client-go/rest"
)

// maxErrorBody is the number of bytes of an error's body that are read. The Status of a
// real server has less than one kilobyte.
const maxErrorBody = 64 << 10

// RedirectError reports that the server answered with a redirect, which is not followed.
type RedirectError struct {
	Status int
	To     string // scheme and host, "" if the target is unreadable
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("the API server redirects (HTTP %d) to %q; redirects are refused, "+
		"because they would take the credentials elsewhere; configure the address of the API server itself",
		e.Status, e.To)
}

// TooLargeError reports that an answer has more bytes than are read.
type TooLargeError struct {
	What  string // such as "a page of the list"
	Limit int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s has more than %d bytes", e.What, e.Limit)
}

// IsTooLarge reports whether an error is due to an answer of too many bytes.
func IsTooLarge(err error) bool {
	_, ok := errors.AsType[*TooLargeError](err)
	return ok
}

// Guard has all connections of cfg guarded.
func Guard(cfg *rest.Config) {
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return guard{next} })
}

// guard is within the round trippers that add credentials, so a refused redirect never
// reaches the client that would follow it.
type guard struct{ next http.RoundTripper }

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch {
	case isRedirect(resp.StatusCode):
		_ = resp.Body.Close()
		return nil, &RedirectError{resp.StatusCode, target(resp)}
	case resp.StatusCode >= http.StatusBadRequest:
		resp.Body = cut{io.LimitReader(resp.Body, maxErrorBody), resp.Body}
		keepRetryAfter(r.Context(), resp)
	}
	return resp, nil
}

// WrappedRoundTripper returns the next round tripper, for client-go.
func (g guard) WrappedRoundTripper() http.RoundTripper { return g.next }

func isRedirect(status int) bool {
	return status >= http.StatusMultipleChoices && status < http.StatusBadRequest &&
		status != http.StatusNotModified
}

// target returns scheme and host of a redirect. The rest of its location could be long,
// or contain secrets.
func target(resp *http.Response) string {
	to, err := resp.Location()
	if err != nil {
		return ""
	}
	const most = 200
	host := (&url.URL{Scheme: to.Scheme, Host: to.Host}).String()
	return host[:min(len(host), most)]
}

// cut is a body of which only the beginning is read.
type cut struct {
	io.Reader
	io.Closer
}

// Limit returns a reader that fails with a [TooLargeError] after that many bytes.
func Limit(r io.Reader, what string, limit int64) *Limited {
	return &Limited{r: r, what: what, limit: limit, left: limit}
}

// Limited is a reader of a bounded number of bytes. Use [Limit].
type Limited struct {
	r           io.Reader
	what        string
	limit, left int64
}

// Reset allows the full number of bytes again.
func (l *Limited) Reset() { l.left = l.limit }

func (l *Limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, &TooLargeError{l.what, l.limit}
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}
