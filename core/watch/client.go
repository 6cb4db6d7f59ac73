package watch

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// Client asks an API server for the objects of all resources, and decodes those
// answers that the package does not read itself.
type Client struct {
	rest.Interface

	answers runtime.ClientNegotiator
}

// NewClient returns a client that can decode the types of core/v1, and those that
// the functions add, such as AddToScheme of k8s.io/api/apps/v1: a stream of
// deployments needs them if the server speaks JSON. The full clientset would cost
// 12 MB of binary and 9 MB of memory.
//
// The client prefers protobuf and accepts JSON. It has no rate limit, as a stream
// makes one request at a time, and ignores cfg.Timeout, which would cut every watch.
// It uses HTTP/1.1 without compression, and TCP keep-alive to notice a lost server,
// unless NextProtos, Dial or Transport of cfg are set. cfg is not changed.
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
