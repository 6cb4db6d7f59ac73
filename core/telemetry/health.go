package telemetry

import (
	"fmt"
	"net/http"
	"strings"
)

// Check is a condition for the program to be ready.
type Check struct {
	Name string
	// Failure returns why the condition does not hold, nil if it does. It must
	// not block.
	Failure func() error
}

// Checks are the conditions for the program to be ready.
type Checks []Check

// ready reports whether no check fails.
func (checks Checks) ready() bool {
	for _, c := range checks {
		if c.Failure() != nil {
			return false
		}
	}
	return true
}

// probe answers like the components of Kubernetes: 200 or 503, and with ?verbose a
// line for each check. Without ?verbose, the body has only the failures.
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
		_, _ = w.Write([]byte(body)) // fails only if the client is gone
	}
}
