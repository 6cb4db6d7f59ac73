package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// Users of the API server. Each has a client certificate and a kubeconfig.
const (
	adminUser  = "admin"
	loggerUser = "logger"
)

const nodeName = "node-1"

// authority signs the cluster's certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// writePKI writes a new authority, all certificates, and the key that signs
// service account tokens into the folder pki.
func (f folder) writePKI() error {
	if err := f.writeKey("sa"); err != nil {
		return err
	}
	a, err := f.newAuthority()
	if err != nil {
		return err
	}
	api := []net.IP{net.ParseIP(apiAddress), net.IPv4(127, 0, 0, 1)}
	for _, c := range []struct {
		name    string
		subject pkix.Name
		names   []string
	}{
		{apiServer, pkix.Name{CommonName: apiServer}, []string{"kubernetes", "kubernetes.default.svc"}},
		{"apiserver-kubelet", pkix.Name{CommonName: "apiserver-kubelet", Organization: masters()}, nil},
		{"kubelet-server", pkix.Name{CommonName: nodeName}, []string{nodeName}},
		{adminUser, pkix.Name{CommonName: adminUser, Organization: masters()}, nil},
		{loggerUser, pkix.Name{CommonName: "pod-status-logger"}, nil},
		{kubelet, pkix.Name{CommonName: "system:node:" + nodeName, Organization: []string{"system:nodes"}}, nil},
		{controllerManager, pkix.Name{CommonName: "system:kube-controller-manager"}, nil},
		{scheduler, pkix.Name{CommonName: "system:kube-scheduler"}, nil},
	} {
		if err := f.issue(a, c.name, c.subject, c.names, api); err != nil {
			return err
		}
	}
	return nil
}

// masters is the group that may do everything.
func masters() []string { return []string{"system:masters"} }

func (f folder) newAuthority() (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("make certificate authority: %w", err)
	}
	template := newTemplate(pkix.Name{CommonName: "node-test"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	a := authority{template, key}
	return a, f.sign(a, "ca", template, key)
}

// issue writes a certificate that its owner can use as a server and as a client.
func (f folder) issue(a authority, name string, subject pkix.Name, names []string, addresses []net.IP) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make certificate %s: %w", name, err)
	}
	template := newTemplate(subject)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if names != nil {
		template.DNSNames, template.IPAddresses = names, addresses
	}
	return f.sign(a, name, template, key)
}

func newTemplate(subject pkix.Name) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      subject,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().AddDate(10, 0, 0),
	}
}

// sign writes NAME.crt and NAME.key.
func (f folder) sign(a authority, name string, template *x509.Certificate, key *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return fmt.Errorf("sign certificate %s: %w", name, err)
	}
	if err := f.writePEM(name+".crt", "CERTIFICATE", der); err != nil {
		return err
	}
	return f.writePrivateKey(name, key)
}

func (f folder) writeKey(name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key %s: %w", name, err)
	}
	return f.writePrivateKey(name, key)
}

func (f folder) writePrivateKey(name string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("make key %s: %w", name, err)
	}
	return f.writePEM(name+".key", "EC PRIVATE KEY", der)
}

func (f folder) writePEM(file, kind string, der []byte) error {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(f.pki(file), text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

func (f folder) pki(file string) string { return f.join("pki", file) }
