package owner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/time/rate"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
)

// maxBody bounds the size of an answer. Objects are smaller: etcd accepts at most
// 1.5 MB.
const maxBody = 4 << 20

// The last alternative is for servers that serve whole objects only: these have their
// metadata in the same field as a PartialObjectMetadata.
const (
	partialObject = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
	acceptPartial = runtime.ContentTypeProtobuf + partialObject + "," +
		runtime.ContentTypeJSON + partialObject + "," + runtime.ContentTypeJSON
)

// client makes single requests, each with a deadline of its own, and repeats none.
type client struct {
	rest    rest.Interface
	limiter *rate.Limiter
	timeout time.Duration
}

// newClient returns a client with no types but those of the metadata: the full
// clientset and the metadata client cost megabytes more.
func newClient(s Settings) (*client, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"}) // Status, APIResourceList
	c := rest.CopyConfig(s.Config)
	c.GroupVersion = &schema.GroupVersion{} // unused: paths are absolute
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.ContentType = runtime.ContentTypeProtobuf
	c.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	c.Timeout = 0
	c.QPS, c.RateLimiter = -1, nil
	if c.WarningHandler == nil && c.WarningHandlerWithContext == nil {
		c.WarningHandler = rest.NoWarnings{} // the default prints through klog
	}
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return bounded{next} })
	transport.Guard(c)
	rc, err := rest.UnversionedRESTClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("create API client: %w", err)
	}
	return &client{rest: rc, limiter: rate.NewLimiter(rate.Limit(s.Rate), s.Burst), timeout: s.RequestTimeout}, nil
}

// metadata reads the metadata of one object.
func (c *client) metadata(ctx context.Context, path string) (*metav1.PartialObjectMetadata, error) {
	result, err := c.get(ctx, path, acceptPartial)
	if err != nil {
		return nil, err
	}
	body, err := result.Raw()
	if err != nil {
		return nil, err
	}
	return decode(body)
}

// resources reads the discovery document of a group's version.
func (c *client) resources(ctx context.Context, path string) (*metav1.APIResourceList, error) {
	result, err := c.get(ctx, path, "")
	if err != nil {
		return nil, err
	}
	list := new(metav1.APIResourceList)
	if err := result.Into(list); err != nil {
		return nil, fmt.Errorf("decode discovery document: %w", err)
	}
	if list.GroupVersion == "" {
		return nil, errors.New("decode discovery document: it has no group version")
	}
	return list, nil
}

// get waits until the rate allows the request, and then for the answer.
func (c *client) get(ctx context.Context, path, accept string) (rest.Result, error) {
	if err := c.limiter.Wait(ctx); err != nil {
		return rest.Result{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request := c.rest.Get().AbsPath(path).MaxRetries(0)
	if accept != "" {
		request.SetHeader("Accept", accept)
	}
	result := request.Do(ctx)
	return result, result.Error()
}

// decode reads the metadata of any object: every kind has it, in protobuf in the first
// field.
func decode(body []byte) (*metav1.PartialObjectMetadata, error) {
	meta := new(metav1.PartialObjectMetadata)
	var err error
	if raw, ok := bytes.CutPrefix(body, []byte("k8s\x00")); ok {
		var unknown runtime.Unknown
		err = errors.Join(unknown.Unmarshal(raw), meta.Unmarshal(unknown.Raw))
	} else {
		err = json.Unmarshal(body, meta)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("decode metadata: %w", err)
	case meta.UID == "":
		return nil, errors.New("decode metadata: it has no uid")
	}
	return meta, nil
}

// bounded fails answers that are longer than maxBody, as client-go reads them whole.
// Pages of lists, which alone have parameters, are read one object at a time.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil && r.URL.RawQuery == "" {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{transport.Limit(resp.Body, "the metadata of an owner", maxBody), resp.Body}
	}
	return resp, err
}
