package otlptest

import (
	"cmp"
	"compress/gzip"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
)

type httpServer struct {
	*http.Server
	tls bool
}

func (s httpServer) stop() { _ = s.Close() }

func (s httpServer) serve(l net.Listener) {
	if s.tls {
		_ = s.ServeTLS(l, "", "")
		return
	}
	_ = s.Serve(l)
}

func newHTTPServer(r *Receiver) server {
	mux := http.NewServeMux()
	for _, s := range r.options.services() {
		mux.HandleFunc("POST "+s.path, func(w http.ResponseWriter, q *http.Request) { r.exportHTTP(s, w, q) })
	}
	return httpServer{tls: r.options.TLS != nil, Server: &http.Server{
		Handler:           mux,
		TLSConfig:         r.options.TLS,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // handshakes fail on purpose
	}}
}

func (r *Receiver) exportHTTP(s service, w http.ResponseWriter, q *http.Request) {
	body, err := readBody(q)
	if err != nil || q.Header.Get("Content-Type") != "application/x-protobuf" {
		http.Error(w, "want gzip or nothing, and protobuf", http.StatusUnsupportedMediaType)
		return
	}
	if r.options.MaxBytes > 0 && len(body) > r.options.MaxBytes {
		http.Error(w, "request too large", http.StatusRequestEntityTooLarge)
		return
	}
	if r.forget.Load() {
		return
	}
	request := Request{
		Headers: make(map[string]string),
		Gzip:    q.Header.Get("Content-Encoding") == "gzip",
		Bytes:   len(body),
	}
	for name, values := range q.Header {
		request.Headers[strings.ToLower(name)] = values[0]
	}
	if err := s.decode(func(m proto.Message) error { return proto.Unmarshal(body, m) }, &request); err != nil {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	r.answer(s, w, q, r.receive(request))
}

func readBody(q *http.Request) ([]byte, error) {
	if q.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(q.Body)
	}
	unzip, err := gzip.NewReader(q.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzip)
}

func (r *Receiver) answer(s service, w http.ResponseWriter, q *http.Request, f Fault) {
	switch {
	case f.Hang:
		<-q.Context().Done()
	case f.Close:
		r.closeConnections()
	case f.Page != "":
		w.Header().Set("Content-Type", cmp.Or(f.Type, "text/html; charset=utf-8"))
		_, _ = io.WriteString(w, f.Page)
	case f.Bytes > 0:
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = w.Write(make([]byte, f.Bytes))
	case f.Garbage:
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = io.WriteString(w, "thank you")
	case f.Status != 0 && f.Status/100 != 2:
		f.writeStatus(w)
	default:
		writeProto(w, http.StatusOK, s.response(f))
	}
}

func (f Fault) writeStatus(w http.ResponseWriter) {
	if f.Location != "" {
		w.Header().Set("Location", f.Location)
	}
	if f.RetryAfter > 0 && f.AsDate {
		w.Header().Set("Retry-After", time.Now().Add(f.RetryAfter).UTC().Format(http.TimeFormat))
	} else if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	code := int32(f.Code) //nolint:gosec // codes are small
	writeProto(w, f.Status, &rpcstatus.Status{Code: code, Message: f.Message})
}

func writeProto(w http.ResponseWriter, statusCode int, m proto.Message) {
	body, err := proto.Marshal(m)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(statusCode)
	_, _ = w.Write(body)
}
