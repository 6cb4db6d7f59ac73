//go:build node

package scenarios

// disturbances are scenarios that hit the whole node.
func disturbances() []scenario {
	const one = `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: app, command: [sleep, "1000"]}]
`
	return []scenario{
		{
			name: "kubelet-restart", alone: true, objects: one,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				s.silence("kill", "kubelet")()
				s.startsPods("probe")
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	? Ready=False warning                # if the kubelet is slow to return
	? Ready=True info

probe:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
`,
		},
		{
			name: "containerd-restart", alone: true, objects: one,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				s.silence("kill", "containerd")()
				s.startsPods("probe")
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info

probe:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
`,
		},
		{
			name: "status-lost", alone: true, objects: one,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				startKubelet := s.silence("stop", "kubelet")
				s.loseContainers()
				s.silence("stop", "containerd")()
				startKubelet()
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	? Ready=False warning                # if the kubelet is slow to return
	app terminated ContainerStatusUnknown exit=137 error
	? app waiting ContainerCreating warning
	app ready info
`,
		},
		{
			name: "node-silent", alone: true, objects: one,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				startKubelet := s.silence("stop", "kubelet")
				s.await("web", "Ready=False warning", 1)
				startKubelet()
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	Ready=False warning                  # the node is not ready
	Ready=True info
`,
		},
		{
			name: "taint", alone: true, objects: one,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				s.taint("example.com/broken", "NoExecute")
				s.await("web", "delete *", 1)
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	DisruptionTarget=True DeletionByTaintManager warning
	pod running info
	pod error DeletionByTaintManager error
	app terminated Error exit=137 info
	pod error DeletionByTaintManager info
	delete DeletionByTaintManager
`,
		},
	}
}
