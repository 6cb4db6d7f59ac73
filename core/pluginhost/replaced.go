package pluginhost

import "os"

// executable notices that the file of a running plugin is changed or replaced. A plugin that is
// being written differs from look to look, so a change counts once two looks see the same.
type executable struct {
	path string
	run  os.FileInfo // when the plugin was started; nil: not looked at
	last os.FileInfo // at the last look
}

// newExecutable is called before the start of the plugin.
func newExecutable(path string) *executable {
	info, err := os.Stat(path)
	if err != nil {
		return &executable{}
	}
	return &executable{path: path, run: info, last: info}
}

// replaced reports whether the file is another one than at the start, once for each change.
func (e *executable) replaced() bool {
	if e == nil || e.run == nil {
		return false
	}
	now, err := os.Stat(e.path)
	if err != nil { // between removal and creation
		return false
	}
	settled := sameFile(now, e.last)
	e.last = now
	if !settled || sameFile(now, e.run) {
		return false
	}
	e.run = now
	return true
}

func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
