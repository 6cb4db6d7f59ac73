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

// Content types of OTLP.
const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
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

// HTTPClient returns a client with these settings, except for endpoint, headers,
// compression and the time for a request.
func HTTPClient(s Settings) *http.Client {
	return &http.Client{
		Transport: roundTripper(s.withDefaults()),
		// A redirect may lead to a page that answers 200 to anything.
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
		// Without this a dead HTTP/2 connection is used again after every timeout.
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
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if response.StatusCode/100 != 2 {
		return answer{}, httpFailure(response, text)
	}
	if err != nil {
		return answer{}, &failure{err: fmt.Errorf("read answer: %w", err)}
	}
	return httpAnswer(response, text)
}

// body returns the request in memory of its own: the transport may still read it
// after the request was cancelled.
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

// withoutURL unwraps an error of net/http: the URL in it may contain credentials.
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
		absent:  r.StatusCode == http.StatusNotFound,
		err:     fmt.Errorf("HTTP %s", r.Status),
	}
	if r.StatusCode/100 == 3 {
		f.err = fmt.Errorf("%w: redirects aren't followed", f.err)
	} else if text := errorText(r, body); text != "" {
		f.err = fmt.Errorf("%w: %q", f.err, text)
	}
	return f
}

// httpVerdict refuses on 400, the specification's answer to records that the receiver
// can't decode, and on 422, the answer of some to records that they decoded but won't
// take. Other codes, such as 415, are not about the records.
//
// Nor is a 400 to a request that should have come over TLS.
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

// errorText returns the receiver's explanation: the message of a google.rpc.Status, as
// OTLP has it, or the beginning of any other text.
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

// retryAfter parses the header of that name, which is a number of seconds or a date. It
// returns 0 if it is neither.
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
