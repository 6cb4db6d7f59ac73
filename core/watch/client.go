package watch

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// Client is a client for pods, with what decodes those answers that are not read
// by the package itself.
type Client struct {
	rest.Interface

	answers runtime.ClientNegotiator
}

// NewClient returns a client for the core API that knows pods and little else:
// the full clientset costs 12 MB of binary and 9 MB of memory. It prefers
// protobuf and takes JSON. It never limits the rate, as a stream has at most
// one request at a time, and it ignores cfg.Timeout, which would cut every
// watch. It speaks HTTP/1.1, asks for nothing compressed, and has the kernel see
// that the server is still there, unless cfg says otherwise by NextProtos, Dial or
// Transport. cfg is not changed.
func NewClient(cfg *rest.Config) (*Client, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("register core/v1: %w", err)
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
	if c.WarningHandler == nil && c.WarningHandlerWithContext == nil {
		c.WarningHandler = rest.NoWarnings{} // the default prints through klog
	}
	client, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("create API client: %w", err)
	}
	return &Client{client, runtime.NewClientNegotiator(c.NegotiatedSerializer, *c.GroupVersion)}, nil
}

// decode decodes an object as client-go does.
func (c *Client) decode(contentType string, data []byte) (runtime.Object, error) {
	decoder, err := c.answers.Decoder(contentType, nil)
	if err != nil {
		return nil, err
	}
	return runtime.Decode(decoder, data)
}
