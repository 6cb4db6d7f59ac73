package owner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sync/singleflight"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pod-status-logger/pod-status-logger/core/owner/gate"
)

// maxDocuments bounds the discovery documents that are kept. References can name groups
// that don't exist.
const maxDocuments = 256

// discovery finds the resources of kinds that are not the usual ones.
type discovery struct {
	client       *client
	gate         *gate.Gate
	ttl, goneTTL time.Duration
	flights      singleflight.Group

	mu        sync.Mutex
	documents *simplelru.LRU[string, document]
}

// document is the discovery document of a group's version.
type document struct {
	kinds map[string]resource // nil if there is no such version
	read  time.Time
}

func newDiscovery(s Settings, c *client, g *gate.Gate) *discovery {
	return &discovery{
		client: c, gate: g, ttl: s.TTL, goneTTL: s.GoneTTL,
		documents: newLRU[string, document](maxDocuments, nil),
	}
}

// resource returns the resource of a kind, errGone if the server has none. It counts the
// requests that it takes.
func (d *discovery) resource(ctx context.Context, apiVersion, kind string, requests *int) (resource, error) {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return resource{}, errGone
	}
	if r, ok := usual(gv.Group, kind); ok {
		return r, nil
	}
	doc, err := d.document(ctx, gv, kind, requests)
	if err != nil {
		return resource{}, fmt.Errorf("discover %s: %w", apiVersion, err)
	}
	if r, ok := doc.kinds[kind]; ok {
		return r, nil
	}
	return resource{}, errGone
}

// document returns the document of a group's version, and requests it if it is not
// kept. A document without the kind is soon outdated: the kind may just have been
// defined.
func (d *discovery) document(
	ctx context.Context, gv schema.GroupVersion, kind string, requests *int,
) (document, error) {
	path, ok := joinPath(root(gv.Group, gv.Version))
	if !ok {
		return document{}, errGone
	}
	if doc, ok := d.kept(path, kind); ok {
		return doc, nil
	}
	*requests++
	// All callers are workers of one Finder and end with it, so none of them cancels the
	// request that they share.
	v, err, _ := d.flights.Do(path, func() (any, error) { return d.ask(ctx, path, gv) })
	doc, _ := v.(document)
	return doc, err
}

func (d *discovery) kept(path, kind string) (doc document, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	doc, ok = d.documents.Get(path)
	ttl := d.goneTTL
	if _, known := doc.kinds[kind]; known {
		ttl = d.ttl
	}
	return doc, ok && time.Since(doc.read) < ttl
}

func (d *discovery) ask(ctx context.Context, path string, gv schema.GroupVersion) (document, error) {
	doc := document{}
	err := d.gate.Do(ctx, gv.Group, gate.Right{}, func(ctx context.Context) error {
		list, err := d.client.resources(ctx, path)
		doc.read = time.Now()
		if err == nil {
			doc.kinds = kindsOf(list, gv)
		}
		return err
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return doc, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.documents.Add(path, doc)
	return doc, nil
}

// kindsOf leaves out subresources, which have the kind of their resource, or one of
// their own.
func kindsOf(list *metav1.APIResourceList, gv schema.GroupVersion) map[string]resource {
	kinds := make(map[string]resource, len(list.APIResources))
	for _, r := range list.APIResources {
		if !strings.Contains(r.Name, "/") && slices.Contains(r.Verbs, "get") {
			kinds[r.Kind] = resource{gv.Group, gv.Version, r.Name, r.Namespaced}
		}
	}
	return kinds
}
