// Package debug lets the harness read how many allocations a program has made.
package debug

import (
	_ "expvar" // serves runtime.MemStats
	"log"
	"net/http"
	"os"
)

// Variable names the address to serve at.
const Variable = "BENCH_DEBUG"

// Serve serves /debug/vars where the environment asks for it.
func Serve() {
	address := os.Getenv(Variable)
	if address == "" {
		return
	}
	go func() { log.Fatal(http.ListenAndServe(address, nil)) }()
}
