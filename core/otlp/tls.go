package otlp

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"
)

// readTLS returns the TLS configuration: with the system's roots unless CERTIFICATE
// names others, and with a client certificate if one is given.
func readTLS(vars variables) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca := vars.read("CERTIFICATE"); ca.set() {
		roots, err := readRoots(ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = roots
	}
	cert, key := vars.read("CLIENT_CERTIFICATE"), vars.read("CLIENT_KEY")
	if !cert.set() && !key.set() {
		return config, nil
	}
	if !cert.set() || !key.set() {
		given, missing := cert, key
		if key.set() {
			given, missing = key, cert
		}
		return nil, fmt.Errorf("%s is set but %s is not: want both or none", given.name, missing.name)
	}
	client := &clientCertificate{certFile: cert.value, keyFile: key.value}
	if _, err := client.get(nil); err != nil {
		return nil, fmt.Errorf("read %s and %s, want a certificate and its key in PEM files: %w",
			cert.name, key.name, err)
	}
	config.GetClientCertificate = client.get
	return config, nil
}

func readRoots(ca variable) (*x509.CertPool, error) {
	pem, err := os.ReadFile(ca.value)
	if err != nil {
		return nil, fmt.Errorf("read %s, want a file of PEM certificates: %w", ca.name, err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, ca.wrong("want a file of PEM certificates; there is none in it")
	}
	return roots, nil
}

// clientCertificate is a certificate that is read again when its files change: they
// are rotated while the process runs.
type clientCertificate struct {
	certFile, keyFile string

	mu     sync.Mutex
	stamp  [2]fileStamp
	loaded *tls.Certificate
}

type fileStamp struct {
	modified time.Time
	size     int64
}

// get returns the certificate for a handshake. If the files can't be read, as during a
// rotation, it is the one that was read before.
func (c *clientCertificate) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.reload(); err != nil && c.loaded == nil {
		return nil, err
	}
	return c.loaded, nil
}

func (c *clientCertificate) reload() error {
	var stamp [2]fileStamp
	for i, file := range [...]string{c.certFile, c.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		stamp[i] = fileStamp{info.ModTime(), info.Size()}
	}
	if c.loaded != nil && stamp == c.stamp {
		return nil
	}
	cert, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.loaded, c.stamp = &cert, stamp
	return nil
}
