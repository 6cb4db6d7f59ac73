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

// RESTConfig finds the cluster as kubectl does, or the one around the program.
func RESTConfig(kubeconfig, kubeContext string, env Environment) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: kubeContext}
	client, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errors.New("no cluster: there is no kubeconfig, and the program does not run in a pod; " +
			"name one with --kubeconfig, or try pod-status-logger demo")
	}
	if err != nil {
		return nil, fmt.Errorf("find the cluster: kubeconfig: %w%s", err, otherContexts(rules, kubeContext))
	}
	client.UserAgent = env.userAgent()
	return client, nil
}

// otherContexts names the contexts there are where the one that was asked for is
// not among them.
func otherContexts(rules *clientcmd.ClientConfigLoadingRules, name string) string {
	known, err := rules.Load()
	if err != nil || name == "" || known.Contexts[name] != nil {
		return ""
	}
	return "; the contexts there are: " + strings.Join(slices.Sorted(maps.Keys(known.Contexts)), ", ")
}
