package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// metricsMallocs reads from /metrics how many allocations a program has made.
func metricsMallocs(address string) (float64, error) {
	page, err := get("http://" + address + "/metrics")
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(page), "\ngo_memstats_mallocs_total ")
	if !ok {
		return 0, errors.New("no go_memstats_mallocs_total in /metrics")
	}
	text, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseFloat(text, 64)
}

// varsMallocs reads it from /debug/vars.
func varsMallocs(address string) (float64, error) {
	page, err := get("http://" + address + "/debug/vars")
	if err != nil {
		return 0, err
	}
	var vars struct {
		Memstats struct{ Mallocs float64 }
	}
	if err := json.Unmarshal(page, &vars); err != nil {
		return 0, fmt.Errorf("read /debug/vars: %w", err)
	}
	return vars.Memstats.Mallocs, nil
}

func get(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", url, resp.Status)
	}
	return io.ReadAll(resp.Body)
}
