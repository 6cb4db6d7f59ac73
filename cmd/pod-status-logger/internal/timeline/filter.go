package timeline

import (
	"path"
	"slices"
	"strings"
	"time"
)

// Filter selects pods and a window of time. The zero value selects everything.
type Filter struct {
	Namespaces []string
	// Pods are names or patterns, such as cart-*, with or without a namespace and a slash.
	Pods []string
	// Bundles are ids, or names, with or without @ and a version.
	Bundles []string
	// Since and Until limit the window.
	Since, Until Moment
}

// Moment is a time, or a duration before the last record.
type Moment struct {
	Time   time.Time
	Before time.Duration
}

// resolve returns the time, or the fallback if there is none.
func (m Moment) resolve(last, fallback time.Time) time.Time {
	switch {
	case !m.Time.IsZero():
		return m.Time
	case m.Before != 0:
		return last.Add(-m.Before)
	}
	return fallback
}

func (f *Filter) selectsPod(namespace, name string) bool {
	if len(f.Namespaces) > 0 && !slices.Contains(f.Namespaces, namespace) {
		return false
	}
	return len(f.Pods) == 0 || slices.ContainsFunc(f.Pods, func(pattern string) bool {
		of := name
		if strings.Contains(pattern, "/") {
			of = namespace + "/" + name
		}
		ok, _ := path.Match(pattern, of)
		return ok || pattern == of
	})
}

func (f *Filter) selectsBundle(s *story) bool {
	return len(f.Bundles) == 0 || slices.ContainsFunc(f.Bundles, func(want string) bool {
		name, version, versioned := cutLast(want, "@")
		if versioned && version != s.version {
			return false
		}
		return name != "" && (name == s.bundleID || name == s.bundleName) || want == s.bundleID
	})
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i <= 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
