package pluginhost

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"

	v1 "github.com/pod-status-logger/pod-status-logger/core/pluginhost/v1"
)

// handshake is the first line that a plugin prints on stdout, on its way to
// go-plugin: where the plugin listens, and its certificate.
type handshake struct {
	sockets string // folder in which the plugin has to listen
	secure  bool   // it has to send a certificate

	reader      *io.PipeReader // for go-plugin
	writer      *io.PipeWriter
	line        atomic.Pointer[string] // as printed, even if it is no handshake
	certificate atomic.Bool            // it has one
}

func newHandshake(sockets string, secure bool) *handshake {
	h := &handshake{sockets: sockets, secure: secure}
	h.reader, h.writer = io.Pipe()
	return h
}

// handOver passes the line to go-plugin, without the fields that are not needed:
// go-plugin panics on a certificate that it has not asked for.
func (h *handshake) handOver(line []byte) {
	text := string(line)
	h.line.Store(&text)
	fields := strings.Split(text, "|")
	certificate := len(fields) > 5 && fields[5] != ""
	h.certificate.Store(certificate)
	switch {
	case certificate && h.secure:
		fields = fields[:6]
	case len(fields) > 5:
		fields = fields[:5]
	}
	_, _ = io.WriteString(h.writer, strings.Join(fields, "|")+"\n") // fails if nobody waits for it any more
}

// ErrNoTLS is the error for a plugin without a certificate that has to have one.
var ErrNoTLS = errors.New("it does not support AutoMTLS; set autoMTLS: false to allow that")

// checkCertificate returns [ErrNoTLS] if a certificate is missing.
func (h *handshake) checkCertificate() error {
	if h.secure && !h.certificate.Load() {
		return ErrNoTLS
	}
	return nil
}

// PluginToHost checks where a plugin listens.
func (h *handshake) PluginToHost(network, address string) (string, string, error) {
	switch network {
	case "unix":
		if strings.HasPrefix(filepath.Clean(address), h.sockets+string(filepath.Separator)) {
			return network, address, nil
		}
	case "tcp":
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsLoopback() {
			return network, address, nil
		}
	}
	return "", "", fmt.Errorf("it listens on %s %.100q, which is neither a socket in PLUGIN_UNIX_SOCKET_DIR "+
		"nor a loopback address", v1.OneLine(network), address)
}

// HostToPlugin returns the address as it is.
func (*handshake) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
