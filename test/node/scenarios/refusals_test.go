//go:build node

package scenarios

// refusals are pods that scheduler or kubelet don't take.
func refusals() []scenario {
	return []scenario{
		{
			name: "unschedulable",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: waits}
spec:
  containers:
    - name: app
      command: [sleep, "1000"]
      resources: {requests: {example.com/late: 1}, limits: {example.com/late: 1}}
`,
			steps: func(s *stage) {
				s.await("waits", "PodScheduled=False Unschedulable warning", 1)
				s.offer("example.com/late", "1")
			},
			want: `
waits:
	create
	+ PodScheduled=False Unschedulable warning
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
`,
		},
		{
			name: "host-port",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: first}
spec:
  containers:
    - name: app
      command: [sleep, "1000"]
      ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 81, hostPort: 8081}]
`,
			steps: func(s *stage) {
				s.await("first", "app ready info", 1)
				s.apply(`
apiVersion: v1
kind: Pod
metadata: {name: second}
spec:
  containers: [{name: app, command: [sleep, "1000"], ports: [{containerPort: 80, hostPort: 8080}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: forced}
spec:
  nodeName: node-1
  containers: [{name: app, command: [sleep, "1000"], ports: [{containerPort: 80, hostPort: 8081}]}]
`)
			},
			want: `
first:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info

second:
	create
	PodScheduled=False Unschedulable warning

forced:                                  # bound without the scheduler
	create
	pod error NodePorts error
`,
		},
		{
			name: "admission",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: large}
spec:
  nodeName: node-1
  containers: [{name: app, command: [sleep, "1000"], resources: {requests: {ephemeral-storage: 500Ti}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: elsewhere}
spec:
  nodeName: node-1
  nodeSelector: {disk: fast}
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			want: `
large:
	create
	pod error OutOfephemeral-storage error

elsewhere:
	create
	pod error NodeAffinity error
`,
		},
	}
}
