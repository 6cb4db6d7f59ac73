//go:build node

package scenarios

// evictions are pods that have to go before their end.
func evictions() []scenario {
	return []scenario{
		{
			name: "api-eviction",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				s.evict("web")
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	DisruptionTarget=True EvictionByEvictionAPI warning
	pod running info                     # its deletion was requested
	pod error EvictionByEvictionAPI error
	app terminated Error exit=137 info
	pod error EvictionByEvictionAPI info # its grace period is now 0
	delete EvictionByEvictionAPI
`,
		},
		{
			name: "preemption",
			objects: `
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
---
apiVersion: v1
kind: Pod
metadata: {name: victim}
spec:
  containers:
    - name: app
      command: [sleep, "1000"]
      resources: {requests: {example.com/seat: 1}, limits: {example.com/seat: 1}}
`,
			steps: func(s *stage) {
				s.offer("example.com/seat", "1")
				s.await("victim", "app ready info", 1)
				s.apply(`
apiVersion: v1
kind: Pod
metadata: {name: important}
spec:
  priorityClassName: high
  containers:
    - name: app
      command: [sleep, "1000"]
      resources: {requests: {example.com/seat: 1}, limits: {example.com/seat: 1}}
`)
			},
			want: `
victim:
	create
	* PodScheduled=False Unschedulable warning
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	DisruptionTarget=True PreemptionByScheduler warning
	pod running info
	pod error PreemptionByScheduler error
	app terminated Error exit=137 info
	pod error PreemptionByScheduler info
	delete PreemptionByScheduler

important:
	create
	+ PodScheduled=False Unschedulable warning
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
`,
		},
		{
			name: "node-pressure",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: writes}
spec:
  containers:
    - name: app
      command: [sh, -c, "dd if=/dev/zero of=/data/file bs=1M count=4; exec sleep 1000"]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, emptyDir: {sizeLimit: 1Mi}}]
---
apiVersion: v1
kind: Pod
metadata: {name: yields}
spec:
  containers:
    - name: app
      command: [sh, -c, "dd if=/dev/zero of=/data/file bs=1M count=4; trap exit TERM; while :; do sleep 0.1; done"]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, emptyDir: {sizeLimit: 1Mi}}]
`,
			want: `
writes:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	pod error Evicted error              # comes together with the container's end
	app terminated * exit=137 error
	? app waiting ContainerCreating warning # the kubelet has lost it

yields:                                  # it ends with 0, and the kubelet mostly forgets that it was evicted
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	? pod error Evicted error
	app terminated * * *
	? app waiting ContainerCreating warning
	? pod terminated info
`,
		},
		{
			name: "orphaned",
			objects: `
apiVersion: v1
kind: Node
metadata: {name: ghost}
---
apiVersion: v1
kind: Pod
metadata: {name: lost}
spec:
  nodeName: ghost
  tolerations: [{operator: Exists}]
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			steps: func(s *stage) {
				// No kubelet runs there. This is the status that one would write.
				s.update("pods", "lost/status", object{"status": object{
					"phase": "Running",
					"conditions": []object{
						{"type": "Ready", "status": "True", "lastTransitionTime": "2018-03-16T14:00:00Z"},
					},
					"containerStatuses": []object{{
						"name": "app", "image": "node.test/box:1", "imageID": "", "ready": true, "restartCount": 0,
						"state": object{"running": object{"startedAt": "2018-03-16T14:00:00Z"}},
					}},
				}})
				s.remove(s.t, "/api/v1/nodes/ghost")
			},
			want: `
lost:
	create
	app ready info
	? Ready=False NodeNotReady warning
	pod error DeletionByPodGC error
	DisruptionTarget=True DeletionByPodGC warning
	pod error DeletionByPodGC info       # its deletion was requested
	delete DeletionByPodGC
`,
		},
	}
}
