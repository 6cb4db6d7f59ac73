package main

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// layerOf returns a layer with the files, all owned by root. Equal files give
// equal bytes: times and owners on this machine are left out.
func layerOf(files []imageFile) ([]byte, error) {
	var layer bytes.Buffer
	l := layerWriter{tar.NewWriter(&layer), map[string]bool{}}
	for _, file := range files {
		if err := l.add(file); err != nil {
			return nil, err
		}
	}
	return layer.Bytes(), l.Close()
}

// layerWriter writes each parent folder once.
type layerWriter struct {
	*tar.Writer
	written map[string]bool
}

func (l layerWriter) add(file imageFile) error {
	return filepath.WalkDir(file.From, func(from string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(file.From, from)
		if err != nil {
			return err
		}
		to := path.Join(file.To, filepath.ToSlash(relative))[1:]
		if to == "" || entry.IsDir() && l.written[to] {
			return nil
		}
		if err := l.parents(path.Dir(to)); err != nil {
			return err
		}
		return l.write(from, to, entry)
	})
}

func (l layerWriter) parents(dir string) error {
	if dir == "." || l.written[dir] {
		return nil
	}
	if err := l.parents(path.Dir(dir)); err != nil {
		return err
	}
	l.written[dir] = true
	return l.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755})
}

func (l layerWriter) write(from, to string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: to, Mode: tarMode(info.Mode()), Typeflag: tar.TypeReg}
	switch {
	case entry.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, to+"/"
		l.written[to] = true
		return l.WriteHeader(header)
	case info.Mode()&fs.ModeSymlink != 0:
		header.Typeflag = tar.TypeSymlink
		if header.Linkname, err = os.Readlink(from); err != nil {
			return err
		}
		return l.WriteHeader(header)
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	header.Size = int64(len(content))
	if err := l.WriteHeader(header); err != nil {
		return err
	}
	_, err = l.Write(content)
	return err
}

func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}
