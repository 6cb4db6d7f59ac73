package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
)

// finding is a vulnerability of a module that another one requires.
type finding struct {
	id, module, version, fixed string
}

func (f finding) String() string {
	fix := "no fixed version"
	if f.fixed != "" {
		fix = "fixed in " + f.fixed
	}
	return fmt.Sprintf("%s in %s %s (%s)", f.id, f.module, f.version, fix)
}

// message is the part of govulncheck's JSON that is read; golang.org/x/vuln/internal/govulncheck defines it.
type message struct {
	Finding *struct {
		OSV          string `json:"osv"`
		FixedVersion string `json:"fixed_version"`
		Trace        []struct {
			Module  string `json:"module"`
			Version string `json:"version"`
		} `json:"trace"`
	} `json:"finding"`
}

func parse(r io.Reader) ([]finding, error) {
	unique := make(map[finding]bool)
	for d := json.NewDecoder(r); ; {
		var m message
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read govulncheck's output: %w", err)
		}
		if f := m.Finding; f != nil && len(f.Trace) > 0 {
			unique[finding{f.OSV, f.Trace[0].Module, f.Trace[0].Version, f.FixedVersion}] = true
		}
	}
	findings := make([]finding, 0, len(unique))
	for f := range unique {
		findings = append(findings, f)
	}
	sort.Slice(findings, func(i, k int) bool { return findings[i].String() < findings[k].String() })
	return findings, nil
}
