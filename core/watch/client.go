package watch

import (
	"context"
	"fmt"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/pod-status-logger/pod-status-logger/core/watch/transport"
)

// A client begins this many requests a second, and as many at once. A stream needs one
// every few minutes, but hundreds of streams begin together at a start and after an outage.
const startRate = 50

// Client requests the objects of all resources from an API server, and decodes those
// answers that the package does not read itself.
type Client struct {
	rest.Interface

	answers runtime.ClientNegotiator
	starts  *rate.Limiter // of the first requests of streams, and of their checks
}

// NewClient returns a client that can decode the types of core/v1, and those that
// the functions add, such as AddToScheme of k8s.io/api/apps/v1: a stream of
// deployments needs them if the server speaks JSON. The full clientset would cost
// 12 MB of binary and 9 MB of memory.
//
// The client prefers protobuf and accepts JSON. It has no rate limit of its own, as a
// stream makes one request at a time; all streams together begin 50 requests a second. It
// ignores cfg.Timeout, which would cut every watch, and refuses redirects. It uses HTTP/1.1
// without compression, and TCP keep-alive to notice a lost server, unless NextProtos, Dial
// or Transport of cfg are set. cfg is not changed.
func NewClient(cfg *rest.Config, types ...func(*runtime.Scheme) error) (*Client, error) {
	scheme := runtime.NewScheme()
	for _, add := range append(types, corev1.AddToScheme) {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register types: %w", err)
		}
	}
	c := rest.CopyConfig(cfg)
	c.APIPath = "/api"
	c.GroupVersion = &corev1.SchemeGroupVersion
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c.ContentType = runtime.ContentTypeProtobuf
	c.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	c.Timeout = 0
	c.QPS, c.RateLimiter = -1, nil
	connect(c)
	transport.Guard(c)
	if c.WarningHandler == nil && c.WarningHandlerWithContext == nil {
		c.WarningHandler = rest.NoWarnings{} // the default prints through klog
	}
	client, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("create API client: %w", err)
	}
	return &Client{
		client, runtime.NewClientNegotiator(c.NegotiatedSerializer, *c.GroupVersion), rate.NewLimiter(startRate, startRate),
	}, nil
}

// wait blocks until a stream may begin a request, or ctx ends.
func (c *Client) wait(ctx context.Context) { _ = c.starts.Wait(ctx) }

// decode decodes an object as client-go does.
func (c *Client) decode(contentType string, data []byte) (runtime.Object, error) {
	decoder, err := c.answers.Decoder(contentType, nil)
	if err != nil {
		return nil, err
	}
	return runtime.Decode(decoder, data)
}
