package apiserver

import (
	"fmt"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// chunk is how much is written at once.
const chunk = 64 << 10

// page is a part of a list as it was after so many events.
type page struct {
	*cluster
	*encoding
	events   int
	from, to int // places
}

// newPage reads limit and continue of a request. A token is position and place.
func (s *Server) newPage(r *http.Request, e *encoding) (page, error) {
	p := page{cluster: s.cluster, encoding: e, events: s.feed.position(), to: s.cluster.pods}
	query := r.URL.Query()
	if token := query.Get("continue"); token != "" {
		if _, err := fmt.Sscanf(token, "%d.%d", &p.events, &p.from); err != nil {
			return p, fmt.Errorf("read continue token %q: %w", token, err)
		}
	}
	if text := query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil {
			return p, fmt.Errorf("read limit: %w", err)
		}
		if limit > 0 {
			p.to = min(p.to, p.from+limit)
		}
	}
	return p, nil
}

func (p page) version() string { return fmt.Sprintf("%s%0*d", Mark, VersionDigits, p.pods+p.events) }

func (p page) token() string {
	if p.to == p.pods {
		return ""
	}
	return fmt.Sprintf("%d.%d", p.events, p.to)
}

// each calls f with the item of each pod, which it may keep until it returns.
func (p page) each(f func(item []byte)) {
	var item []byte
	for place := p.from; place < p.to; place++ {
		if step, v := p.pod(place, p.events); step < present {
			item = p.items[step].append(item[:0], v)
			f(item)
		}
	}
}

// write writes the page, which may be larger than memory.
func (p page) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", p.info.MediaType)
	buffer := p.open(nil)
	first := true
	p.each(func(item []byte) {
		if len(buffer) > chunk {
			_, _ = w.Write(buffer) // the client is gone then
			buffer = buffer[:0]
		}
		if p.isProtobuf() {
			buffer = protowire.AppendTag(buffer, 2, protowire.BytesType)
			buffer = protowire.AppendBytes(buffer, item)
			return
		}
		if !first {
			buffer = append(buffer, ',')
		}
		buffer, first = append(buffer, item...), false
	})
	_, _ = w.Write(p.close(buffer))
}

func (p page) open(to []byte) []byte {
	if !p.isProtobuf() {
		const format = `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":%q,"continue":%q},"items":[`
		return fmt.Appendf(to, format, p.version(), p.token())
	}
	// As the serializer writes it: magic bytes, and a runtime.Unknown of the kind (1)
	// and the list (2), of metadata (1) and items (2).
	kind := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "v1")
	kind = protowire.AppendString(protowire.AppendTag(kind, 2, protowire.BytesType), "PodList")
	meta := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), p.version())
	meta = protowire.AppendString(protowire.AppendTag(meta, 3, protowire.BytesType), p.token())
	list := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), meta)
	size := len(list)
	p.each(func(item []byte) { size += protowire.SizeTag(2) + protowire.SizeBytes(len(item)) })

	to = append(to, "k8s\x00"...)
	to = protowire.AppendBytes(protowire.AppendTag(to, 1, protowire.BytesType), kind)
	to = protowire.AppendVarint(protowire.AppendTag(to, 2, protowire.BytesType), uint64(size))
	return append(to, list...)
}

// close completes the bytes of open.
func (p page) close(to []byte) []byte {
	if p.isProtobuf() {
		return append(to, 0x1a, 0, 0x22, 0) // no content encoding (3), no content type (4)
	}
	return append(to, "]}\n"...)
}
