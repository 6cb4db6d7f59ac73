package enricher

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"testing"
)

// TestMutualTLS: each side accepts the certificate of the handshake, and no other.
// package enrichertest speaks to plugins as go-plugin's own client does.
func TestMutualTLS(t *testing.T) {
	host, stranger := newTestCertificate(t), newTestCertificate(t)
	config, certificate, err := mutualTLS(string(pem.EncodeToMemory(&pem.Block{
		Type: "CERTIFICATE", Bytes: host.Certificate[0],
	})))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		client tls.Certificate
		works  bool
	}{"host": {host, true}, "stranger": {stranger, false}} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer ours.Close()
			defer theirs.Close()
			go func() {
				server := tls.Server(ours, config)
				_, _ = server.Write([]byte("x")) // after its half of the handshake
				_ = server.Close()
			}()
			client := tls.Client(theirs,
				&tls.Config{ServerName: "localhost", RootCAs: poolOf(t, certificate), Certificates: []tls.Certificate{c.client}})
			if _, err := client.Read(make([]byte, 1)); (err == nil) != c.works {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestNoMutualTLS(t *testing.T) {
	if config, certificate, err := mutualTLS(""); config != nil || certificate != "" || err != nil {
		t.Errorf("plain text: %v, %q, %v", config, certificate, err)
	}
	if _, _, err := mutualTLS("no certificate"); err == nil {
		t.Error("an invalid certificate is accepted")
	}
}

func newTestCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// poolOf reads a certificate as the handshake has it.
func poolOf(t *testing.T, certificate string) *x509.CertPool {
	t.Helper()
	der, err := base64.RawStdEncoding.DecodeString(certificate)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}
