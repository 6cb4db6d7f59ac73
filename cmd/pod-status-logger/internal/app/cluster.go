package app

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// RESTConfig finds the cluster like kubectl, or the cluster of the program's own pod.
func RESTConfig(kubeconfig, kubeContext string, env Environment) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: kubeContext}
	client, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("no cluster: there is no kubeconfig, and the program does not run in a pod; " +
			"name a kubeconfig with --kubeconfig, or try pod-status-logger demo")
	}
	if err != nil {
		return nil, fmt.Errorf("find the cluster: kubeconfig: %w%s", err, otherContexts(rules, kubeContext))
	}
	client.UserAgent = env.userAgent()
	hideSecrets(client)
	return client, nil
}

// hideSecrets keeps the user and the query out of the server's URL, which appears in
// logs and errors. The user authenticates as before; client-go ignores the query.
func hideSecrets(client *rest.Config) {
	address, noScheme := client.Host, !strings.Contains(client.Host, "://")
	if noScheme {
		address = "//" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" { // client-go will refuse it
		return
	}
	if u.User != nil && !authenticates(client) {
		client.Username = u.User.Username()
		client.Password, _ = u.User.Password()
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment = nil, "", false, ""
	client.Host = u.String()
	if noScheme {
		client.Host = strings.TrimPrefix(client.Host, "//")
	}
}

// authenticates reports whether requests get credentials that precede those in the URL.
func authenticates(client *rest.Config) bool {
	return client.Username != "" || client.BearerToken != "" || client.BearerTokenFile != "" ||
		client.ExecProvider != nil || client.AuthProvider != nil
}

// otherContexts names the contexts of the kubeconfig if it lacks the one of that name.
func otherContexts(rules *clientcmd.ClientConfigLoadingRules, name string) string {
	known, err := rules.Load()
	if err != nil || name == "" || known.Contexts[name] != nil {
		return ""
	}
	return " (known contexts: " + strings.Join(slices.Sorted(maps.Keys(known.Contexts)), ", ") + ")"
}
