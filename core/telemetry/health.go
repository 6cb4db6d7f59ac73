package telemetry

import (
	"fmt"
	"net/http"
	"strings"
)

// Check is one thing that has to be well for the program to be ready.
type Check struct {
	Name string
	// Failure tells why it is not, or nil. It must not block.
	Failure func() error
}

// Checks are all of them.
type Checks []Check

// ready tells whether all is well.
func (checks Checks) ready() bool {
	for _, c := range checks {
		if c.Failure() != nil {
			return false
		}
	}
	return true
}

// probe answers as the components of Kubernetes do: 200 or 503, and with ?verbose
// a line for each check. Without it, the reasons are all there is.
func (checks Checks) probe(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var all, reasons strings.Builder
		for _, c := range checks {
			if err := c.Failure(); err != nil {
				fmt.Fprintf(&all, "[-]%s failed: %v\n", c.Name, err)
				fmt.Fprintln(&reasons, err)
				continue
			}
			fmt.Fprintf(&all, "[+]%s ok\n", c.Name)
		}
		status, verdict, body := http.StatusOK, "passed", "ok\n"
		if reasons.Len() > 0 {
			status, verdict, body = http.StatusServiceUnavailable, "failed", reasons.String()
		}
		if r.URL.Query().Has("verbose") {
			body = fmt.Sprintf("%s%s check %s\n", all.String(), name, verdict)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the prober is gone, or has it
	}
}
