package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// The product's users in tests. loggerUser has the permissions of the product's own ClusterRole
// and no others. ownersUser has the same, until a test grants more by a role of its own.
const (
	loggerUser = "pod-status-logger"
	ownersUser = "pod-status-logger-owners"
)

// credentials are created for each cluster.
type credentials struct{ adminToken, loggerToken, ownersToken string }

// writeCredentials writes kube-apiserver's list of users, and the key that signs service
// account tokens.
func (f folder) writeCredentials() (credentials, error) {
	c := credentials{adminToken: rand.Text(), loggerToken: rand.Text(), ownersToken: rand.Text()}
	tokens := c.adminToken + ",admin,admin,system:masters\n" +
		fmt.Sprintf("%s,%[2]s,%[2]s\n", c.loggerToken, loggerUser) +
		fmt.Sprintf("%s,%[2]s,%[2]s\n", c.ownersToken, ownersUser)
	if err := os.WriteFile(f.join("certs", "tokens.csv"), []byte(tokens), 0o600); err != nil {
		return c, fmt.Errorf("write tokens: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, fmt.Errorf("make service account key: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return c, fmt.Errorf("make service account key: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if err := os.WriteFile(f.join("certs", "sa.key"), text, 0o600); err != nil {
		return c, fmt.Errorf("write service account key: %w", err)
	}
	return c, nil
}

func (f folder) adminKubeconfig() string { return f.join("admin.kubeconfig") }

func (f folder) loggerKubeconfig() string { return f.join("logger.kubeconfig") }

func (f folder) ownersKubeconfig() string { return f.join("owners.kubeconfig") }

// writeKubeconfigs needs a running kube-apiserver, which creates its certificate at the first
// start.
func (f folder) writeKubeconfigs(url string, c credentials) error {
	ca, err := os.ReadFile(f.join("certs", "apiserver.crt"))
	if err != nil {
		return fmt.Errorf("read certificate of kube-apiserver: %w", err)
	}
	if err := writeKubeconfig(f.adminKubeconfig(), url, ca, "admin", c.adminToken); err != nil {
		return err
	}
	if err := writeKubeconfig(f.loggerKubeconfig(), url, ca, loggerUser, c.loggerToken); err != nil {
		return err
	}
	return writeKubeconfig(f.ownersKubeconfig(), url, ca, ownersUser, c.ownersToken)
}

func writeKubeconfig(path, url string, ca []byte, user, token string) error {
	const name = "test"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: url, CertificateAuthorityData: ca}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: user}
	config.CurrentContext = name
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
