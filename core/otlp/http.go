package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	protobufType = "application/x-protobuf"

	maxResponse = 64 << 10 // what is read of an answer
)

type httpTransport struct {
	client *http.Client
	url    string
	header http.Header
	gzip   *gzip.Writer // nil: no compression
}

func dialHTTP(s Settings) *httpTransport {
	t := &httpTransport{
		url:    s.Endpoint.String(),
		header: make(http.Header),
		client: HTTPClient(s),
	}
	for name, value := range s.Headers {
		t.header.Set(name, value)
	}
	t.header.Set("Content-Type", protobufType)
	t.header.Set("User-Agent", s.UserAgent)
	if s.Compression == Gzip {
		t.header.Set("Content-Encoding", "gzip")
		t.gzip = gzip.NewWriter(nil)
	}
	return t
}

// HTTPClient returns a client by the settings, all but their endpoint, headers,
// compression and the time for a request.
func HTTPClient(s Settings) *http.Client {
	return &http.Client{
		Transport: roundTripper(s.withDefaults()),
		// Behind a redirect may be a page that answers 200 to anything.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func roundTripper(s Settings) *http.Transport {
	dialer := &net.Dialer{Timeout: s.Timeout}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment, // as gRPC does
		DialContext:         dialer.DialContext,
		TLSClientConfig:     s.TLS.Clone(),
		TLSHandshakeTimeout: s.Timeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        1,
		IdleConnTimeout:     90 * time.Second,
		// Else a dead HTTP/2 connection is used again after every time-out.
		HTTP2: &http.HTTP2Config{SendPingTimeout: s.Timeout, PingTimeout: s.Timeout},
	}
}

func (t *httpTransport) close() { t.client.CloseIdleConnections() }

func (t *httpTransport) export(ctx context.Context, records [][]byte) (answer, error) {
	body, err := t.body(records)
	if err != nil {
		return answer{}, &failure{err: fmt.Errorf("compress request: %w", err)}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return answer{}, &failure{err: withoutURL(err)}
	}
	request.Header = t.header.Clone()
	response, err := t.client.Do(request)
	if err != nil {
		return answer{}, &failure{err: withoutURL(err)}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if response.StatusCode/100 != 2 {
		return answer{}, httpFailure(response, text)
	}
	if err != nil {
		return answer{}, &failure{err: fmt.Errorf("read answer: %w", err)}
	}
	if contentType(response) == "text/html" {
		// A login page, a proxy's greeting: whatever it is, it keeps no records.
		return answer{}, &failure{err: fmt.Errorf("HTTP %s with a page of HTML: not an OTLP receiver", response.Status)}
	}
	return decodeAnswer(text), nil
}

// body returns the request in memory of its own: after a request has been
// cancelled, the transport may go on reading it.
func (t *httpTransport) body(records [][]byte) ([]byte, error) {
	if t.gzip == nil {
		return bytes.Join(records, nil), nil
	}
	var body bytes.Buffer
	t.gzip.Reset(&body)
	for _, r := range records {
		if _, err := t.gzip.Write(r); err != nil {
			return nil, err
		}
	}
	err := t.gzip.Close()
	return body.Bytes(), err
}

// withoutURL strips what net/http wraps around an error: the URL may hold
// credentials, and is known anyhow.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

func httpFailure(r *http.Response, body []byte) *failure {
	f := &failure{
		verdict: httpVerdict(r.StatusCode, string(body)),
		after:   retryAfter(r.Header.Get("Retry-After"), time.Now()),
		err:     fmt.Errorf("HTTP %s", r.Status),
	}
	if r.StatusCode/100 == 3 {
		f.err = fmt.Errorf("%w: redirects aren't followed", f.err)
	} else if text := errorText(r, body); text != "" {
		f.err = fmt.Errorf("%w: %q", f.err, text)
	}
	return f
}

// httpVerdict: 400 is what the OTLP specification makes a receiver answer to
// records that it can't decode, 422 what some answer to records that they can
// but won't have. 415 and all others say nothing about the records.
//
// Nor does a 400 to a request that should have come over TLS.
func httpVerdict(statusCode int, body string) verdict {
	if strings.Contains(body, "HTTP request to an HTTPS server") || // Go
		strings.Contains(body, "plain HTTP request was sent to HTTPS port") { // nginx
		return retry
	}
	switch statusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return refuse
	case http.StatusRequestEntityTooLarge:
		return shrink
	}
	return retry
}

// errorText is the receiver's explanation: the message of a google.rpc.Status,
// as OTLP has it, or the beginning of whatever text there is.
func errorText(r *http.Response, body []byte) string {
	text := string(body)
	if contentType(r) == protobufType {
		var s rpcstatus.Status
		if proto.Unmarshal(body, &s) != nil {
			return ""
		}
		text = s.GetMessage()
	}
	return shorten(text)
}

func contentType(r *http.Response) string {
	t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return t
}

// retryAfter reads the header of that name, which is a number of seconds or a
// date. It returns 0 for one that says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	const most = int64(24 * time.Hour / time.Second)
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), most)) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return max(at.Sub(now), 0)
}
