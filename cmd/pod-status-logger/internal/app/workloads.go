package app

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pod-status-logger/pod-status-logger/core/watch"
	"github.com/pod-status-logger/pod-status-logger/core/workloads"
)

// workloadRules returns the rules for workloads, nil if they are not watched.
func (s *service) workloadRules() *workloads.Rules {
	if !s.config.Workloads {
		return nil
	}
	rules := &workloads.Rules{Cluster: s.config.Cluster}
	if selector, err := labels.Parse(s.config.Watch.Selector); err == nil && !selector.Empty() { // validated before
		rules.Selector = selector
	}
	return rules
}

// clientTypes returns the types that the client has to know if the server speaks JSON.
func (s *service) clientTypes() []func(*runtime.Scheme) error {
	if !s.config.Workloads {
		return nil
	}
	return []func(*runtime.Scheme) error{appsv1.AddToScheme, batchv1.AddToScheme}
}

// watchedWorkloads returns the resources of workloads, with the annotations that plugins need
// of pods and of their owners.
func (s *service) watchedWorkloads() []watch.Resource {
	if !s.config.Workloads {
		return nil
	}
	return workloads.Resources(slices.Concat(workloads.Annotations(), s.pipeline.Annotations(), s.ownerAnnotations)...)
}

func (s *service) workloadStream(client *watch.Client, r watch.Resource, namespace string) stream {
	name := r.String()
	return s.newStream(s.pipeline.ResumeWorkloads(name, namespace), watch.Settings{
		Client: client, Resource: r, Namespace: namespace, Optional: true,
		Known: func(o watch.Object) bool { return s.pipeline.KnownWorkload(name, workloads.Of(o)) },
	})
}
