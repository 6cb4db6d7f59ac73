// Package apiserver is a scripted API server for measurements. It serves the pods of a
// made-up cluster and their changes, at full speed or at a given rate, in JSON and
// protobuf, over TLS and HTTP/2 as real ones do. Every client gets the same bytes, for a
// fraction of the time that it needs to read them.
//
// It has no history to lose, no selectors and no faults; core/apiscript has, for tests of
// a client. That server can't take this one's place: it encodes every change, which
// takes two or three times as long as the program needs for it (20,000 to 30,000 events
// per second; this one 200,000, see BenchmarkServer), and it keeps its history, 17 KB an
// event, which would be gigabytes for one measurement. It also belongs to the program's
// module, of which the measurements import nothing, so that they can compare any two
// versions.
package apiserver

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Server is a scripted API server. Use [Start].
type Server struct {
	cluster *cluster
	feed    *feed
	live    atomic.Int64
	http    *http.Server
	url     string
	ca      []byte // nil without TLS

	mu       sync.Mutex
	accepted string // media type of the last watch
}

// Settings of a [Server].
type Settings struct {
	Pods  int
	Size  Size
	Plain bool // HTTP/1.1 without TLS
}

// Start serves on a free port of the loopback interface.
func Start(set Settings) (*Server, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Server{cluster: newCluster(set.Pods, set.Size), feed: newFeed(), url: "http://" + ln.Addr().String()}
	s.http = &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // clients that go away are the point
	}
	serve := s.http.Serve
	if !set.Plain {
		cert, err := selfSigned()
		if err != nil {
			return nil, err
		}
		s.url = "https://" + ln.Addr().String()
		s.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		serve = func(ln net.Listener) error { return s.http.ServeTLS(ln, "", "") }
	}
	go func() { _ = serve(ln) }() // until Close
	return s, nil
}

// Close ends all connections.
func (s *Server) Close() { _ = s.http.Close() }

// Live is the number of watches that have been sent all that there was when they
// began.
func (s *Server) Live() int { return int(s.live.Load()) }

// Event returns the number of the event with a resourceVersion, less [Mark]; it is
// negative for one of the first list.
func (s *Server) Event(version int) int { return s.cluster.at(version) - 1 }

// Kubeconfig writes a kubeconfig for the server to a file.
func (s *Server) Kubeconfig(path string) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["bench"] = &clientcmdapi.Cluster{Server: s.url, CertificateAuthorityData: s.ca}
	config.AuthInfos["bench"] = &clientcmdapi.AuthInfo{}
	config.Contexts["bench"] = &clientcmdapi.Context{Cluster: "bench", AuthInfo: "bench"}
	config.CurrentContext = "bench"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// Accepted returns the media type of the last watch.
func (s *Server) Accepted() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

func (s *Server) servePods(w http.ResponseWriter, r *http.Request) {
	e := negotiate(r.Header.Get("Accept"), s.cluster.encodings)
	if isWatch := r.URL.Query().Get("watch"); isWatch == "true" || isWatch == "1" {
		s.mu.Lock()
		s.accepted = e.info.MediaType
		s.mu.Unlock()
		s.serveWatch(w, r, e)
		return
	}
	p, err := s.newPage(r, e)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.write(w)
}
