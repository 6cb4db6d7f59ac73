package owner

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/owner/gate"
	"github.com/pod-status-logger/pod-status-logger/core/owner/metawire"
	"github.com/pod-status-logger/pod-status-logger/core/record"
	"github.com/pod-status-logger/pod-status-logger/core/watch/wire"
)

const (
	limitParam = "limit"
	pageSize   = 500

	// pageTimeout bounds a page, whose objects can be large.
	pageTimeout = time.Minute

	// maxPagePauses is how often in a row a page is requested again after a pause that the
	// server asked for.
	maxPagePauses = 5

	acceptPartialList = runtime.ContentTypeProtobuf + ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// errFull reports that no more owners are kept.
var errFull = errors.New("the owners take too much memory")

// read lists the owners of a scope. If that fails, those that were not read are requested
// one by one.
func (l *lists) read(ctx context.Context, one *listing) {
	began := time.Now()
	n, err := l.readAll(ctx, one.scope)
	attrs := []any{"kind", one.kind, "namespace", one.namespace, "owners", n, "took", time.Since(began)}
	if err == nil {
		l.settings.Logger.Debug("owners: listed", attrs...)
		return
	}
	if ctx.Err() == nil {
		l.settings.Logger.Debug("owners: list is incomplete", append(attrs, "error", err)...)
	}
}

func (l *lists) readAll(ctx context.Context, at scope) (n int, err error) {
	ignored := 0
	r, err := l.source.discovery.resource(ctx, at.apiVersion, at.kind, &ignored)
	if err != nil {
		return 0, err
	}
	if !r.namespaced {
		at.namespace = ""
	}
	path, ok := r.listPath(at.namespace)
	if !ok {
		return 0, errGone
	}
	page := page{
		path: path, group: r.group, kind: at.kind, apiVersion: at.apiVersion,
		decoder: metawire.NewDecoder(l.settings.Labels, l.settings.Annotations),
	}
	pauses := 0
	for {
		before := n
		err := l.source.readPage(ctx, &page, func(o object) bool {
			if n == 0 {
				l.follow(at, o.controller)
			}
			n++
			return l.add(o)
		})
		var paused *gate.PausedError
		switch {
		case apierrors.IsForbidden(err):
			l.logDenied(r)
			return n, err
		case errors.As(err, &paused) && pauses < maxPagePauses && n == before:
			pauses++
			sleep(ctx, time.Until(paused.Until))
		case err != nil || page.next == "":
			return n, err
		default:
			pauses = 0
		}
	}
}

// logDenied logs once that a resource can't be listed.
func (l *lists) logDenied(of resource) {
	needed := gate.Right{Group: of.group, Resource: of.name}
	l.mu.Lock()
	logged := l.denied[needed]
	if len(l.denied) < maxScopes {
		l.denied[needed] = true
	}
	l.mu.Unlock()
	if logged {
		return
	}
	l.settings.Logger.LogAttrs(context.Background(), slog.LevelInfo, fmt.Sprintf(
		"owners: may not list %s; those of existing pods are read one by one, which takes longer; allow it with %s",
		needed, needed.Rule("get, list")))
}

// page is a page of a list.
type page struct {
	path, group      string
	apiVersion, kind string
	next             string // the continue token of the page that follows; "": none
	decoder          *metawire.Decoder
}

func (p *page) object(meta metawire.Object) object {
	ref := record.OwnerRef{APIVersion: p.apiVersion, Kind: p.kind, Name: meta.Name, UID: meta.UID}
	owner := record.Owner{OwnerRef: ref, Labels: meta.Labels, Annotations: meta.Annotations}
	return object{meta.Namespace, owner, meta.Controller}
}

// readPage reads a page, and yields its objects until there is no room for them.
func (s *source) readPage(ctx context.Context, p *page, yield func(object) bool) error {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	var body io.ReadCloser
	err := s.gate.DoAnyway(ctx, p.group, func(ctx context.Context) (err error) {
		body, err = s.client.page(ctx, p)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return s.decodePage(body, p, yield)
}

// page requests a page once the rate allows it.
func (c *client) page(ctx context.Context, p *page) (io.ReadCloser, error) {
	if err := c.limiter.Wait(ctx); err != nil {
		return nil, err
	}
	request := c.rest.Get().AbsPath(p.path).MaxRetries(0).
		SetHeader("Accept", acceptPartialList).Param(limitParam, strconv.Itoa(pageSize))
	if p.next != "" {
		request.Param("continue", p.next)
	}
	return request.Stream(ctx)
}

func (s *source) decodePage(body io.Reader, p *page, yield func(object) bool) error {
	list, err := wire.NewList(bufio.NewReader(body), "meta.k8s.io/v1", "PartialObjectMetadataList")
	if err != nil {
		return fmt.Errorf("read list of %s: %w", p.kind, err)
	}
	for {
		item, err := list.Next()
		if errors.Is(err, io.EOF) {
			p.next = list.Continue
			return nil
		}
		if err != nil {
			return fmt.Errorf("read list of %s: %w", p.kind, err)
		}
		meta, ok := p.decoder.Decode(item)
		if !ok {
			return fmt.Errorf("read list of %s: an object is damaged", p.kind)
		}
		if !yield(p.object(meta)) {
			return errFull
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
