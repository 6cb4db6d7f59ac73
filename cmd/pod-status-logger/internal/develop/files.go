package develop

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// lookEvery is short for a person, and long for a few calls of stat. Looking works on all file
// systems and with all editors, also with those that replace files.
const lookEvery = 200 * time.Millisecond

// snapshot has the versions of files, by their names.
type snapshot map[string]version

// version changes when a file is written or replaced.
type version struct {
	size     int64
	modified time.Time
	mode     os.FileMode
}

// look returns the versions of the executable and, if that is a script, of the files beside it
// with the same extension.
func look(executable string) snapshot {
	s := snapshot{}
	names := []string{executable}
	if extension := filepath.Ext(executable); extension != "" {
		beside, _ := filepath.Glob(filepath.Join(filepath.Dir(executable), "*"+extension)) // fails only for bad patterns
		names = append(names, beside...)
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			s[filepath.Base(name)] = version{info.Size(), info.ModTime(), info.Mode()}
		}
	}
	return s
}

// differenceFrom returns the name of a file that was added, changed or removed, or "".
func (s snapshot) differenceFrom(before snapshot) string {
	all := maps.Clone(s)
	maps.Copy(all, before)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if s[name] != before[name] {
			return name
		}
	}
	return ""
}
