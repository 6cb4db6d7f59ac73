package telemetry

import (
	"net/http"
	"net/http/pprof"
)

// handleProfiles adds the profiles of net/http/pprof, except the command line, which may contain secrets.
// That package also registers them on http.DefaultServeMux, which nothing here serves.
func handleProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.Handle("GET /debug/pprof/cmdline", http.NotFoundHandler())
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}
