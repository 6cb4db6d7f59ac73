//go:build node

package scenarios

// devices are pods with a device that a plugin of the kubelet offers.
func devices() []scenario {
	return []scenario{
		{
			name: "device",
			steps: func(s *stage) {
				setHealth := s.registerDevice(s.t, "example.com/gpu", false)
				s.apply(`
apiVersion: v1
kind: Pod
metadata: {name: trains}
spec:
  containers: [{name: app, command: [sleep, "1000"], resources: {limits: {example.com/gpu: 1}}}]
`)
				s.await("trains", "app ready info", 1)
				setHealth("Unhealthy")
				s.await("trains", "app ready Unhealthy warning", 1)
				setHealth("Healthy")
			},
			want: `
trains:
	create
	* PodScheduled=False Unschedulable warning # the node offers the device a moment later
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	app ready Unhealthy warning
	app ready info
	? app ready * warning                # the plugin ends with the test
`,
		},
		{
			name: "device-refused",
			steps: func(s *stage) {
				s.registerDevice(s.t, "example.com/broken", true)
				s.apply(`
apiVersion: v1
kind: Pod
metadata: {name: refused}
spec:
  containers: [{name: app, command: [sleep, "1000"], resources: {limits: {example.com/broken: 1}}}]
`)
			},
			want: `
refused:
	create
	* PodScheduled=False Unschedulable warning
	pod waiting warning
	pod error UnexpectedAdmissionError error
`,
		},
	}
}
