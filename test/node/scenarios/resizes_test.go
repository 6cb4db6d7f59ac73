//go:build node

package scenarios

import "fmt"

// resizes are changes of the resources of running containers. The node has two
// CPUs or more, most of which the scenario takes.
func resizes() []scenario {
	return []scenario{{
		name: "resize",
		objects: `
apiVersion: v1
kind: Pod
metadata: {name: possible}
spec:
  containers: [{name: app, command: [sleep, "1000"], resources: {requests: {cpu: 100m}, limits: {cpu: 200m}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: restarts}
spec:
  containers:
    - name: app
      command: [sh, -c, "trap exit TERM; while :; do sleep 0.1; done"]
      resources: {requests: {cpu: 100m}, limits: {cpu: 200m}}
      resizePolicy: [{resourceName: cpu, restartPolicy: RestartContainer}]
---
apiVersion: v1
kind: Pod
metadata: {name: deferred}
spec:
  containers: [{name: app, command: [sleep, "1000"], resources: {requests: {cpu: 100m}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: filler}
spec:
  containers: [{name: app, command: [sleep, "1000"], resources: {requests: {cpu: 1000m}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: infeasible}
spec:
  containers: [{name: app, command: [sleep, "1000"], resources: {limits: {cpu: 100m, memory: 32Mi}}}]
`,
		steps: func(s *stage) {
			resize := func(pod string, resources object) {
				s.update("pods", pod+"/resize", object{"spec": object{"containers": []object{{
					"name": "app", "resources": resources,
				}}}})
			}
			request := func(pod, cpu string) { resize(pod, object{"requests": object{"cpu": cpu}}) }
			guarantee := func(pod, cpu string) {
				resize(pod, object{"requests": object{"cpu": cpu}, "limits": object{"cpu": cpu}})
			}
			for _, name := range []string{"possible", "restarts", "deferred", "filler", "infeasible"} {
				s.await(name, "app ready info", 1)
			}
			request("possible", "150m")
			request("restarts", "150m")
			guarantee("infeasible", "150m")
			s.await("infeasible", "PodResizePending=True Infeasible warning", 1)
			guarantee("infeasible", "100m")
			request("deferred", fmt.Sprintf("%dm", s.cpus()*1000-1000))
			s.await("deferred", "PodResizePending=True Deferred info", 1)
			s.delete("pods", "filler")
			s.await("deferred", "PodResizePending=removed info", 1)
			s.awaitPod("possible", "is resized", func(p pod) bool {
				return text(list(p.object, "status", "containerStatuses")[0], "resources", "requests", "cpu") == "150m"
			})
		},
		want: `
possible:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	(                                    # unless the kubelet has resized it before it reports
		PodResizeInProgress=True info
		PodResizeInProgress=removed info
	)?

restarts:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	? PodResizeInProgress=True info
	? PodResizeInProgress=removed info
	app terminated Completed exit=0 info
	app ready info

deferred:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	PodResizePending=True Deferred info
	? PodResizeInProgress=True info
	PodResizePending=removed info
	? PodResizeInProgress=True info
	? PodResizeInProgress=removed info

filler:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	pod running info
	app terminated Error exit=137 info
	+ pod error Error info
	delete

infeasible:                              # it takes part of a CPU from a static CPU manager
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	PodResizePending=True Infeasible warning
	PodResizePending=removed info        # taken back
`,
	}}
}
