package app

import (
	"errors"
	"fmt"
	"maps"
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
	return client, nil
}

// otherContexts names the contexts of the kubeconfig if it lacks the one of that name.
func otherContexts(rules *clientcmd.ClientConfigLoadingRules, name string) string {
	known, err := rules.Load()
	if err != nil || name == "" || known.Contexts[name] != nil {
		return ""
	}
	return " (known contexts: " + strings.Join(slices.Sorted(maps.Keys(known.Contexts)), ", ") + ")"
}
