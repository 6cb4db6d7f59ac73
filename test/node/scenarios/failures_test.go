//go:build node

package scenarios

// failures are containers that don't start, or don't stay.
func failures() []scenario {
	return []scenario{
		{
			name: "image-pull",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: missing}
spec:
  containers: [{name: app, image: "node.test/none:1"}]
---
apiVersion: v1
kind: Pod
metadata: {name: never}
spec:
  containers: [{name: app, image: "node.test/none:1", imagePullPolicy: Never}]
---
apiVersion: v1
kind: Pod
metadata: {name: invalid}
spec:
  containers: [{name: app, image: "node.test/NotAName"}]
`,
			want: `
missing:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app error ErrImagePull error
	app waiting ImagePullBackOff warning
	(
		app error ErrImagePull error
		? app waiting ImagePullBackOff warning
	)+

never:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app error ErrImageNeverPull error

invalid:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app error InvalidImageName error
`,
		},
		{
			name: "crash-loop",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: fails}
spec:
  containers: [{name: app, command: [sh, -c, "sleep 1; echo no database > /dev/termination-log; exit 3"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: ends}
spec:
  containers: [{name: app, command: [sleep, "1"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: init-fails}
spec:
  initContainers: [{name: setup, command: [sh, -c, "sleep 1; exit 4"]}]
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			want: `
fails:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	(
		? app ready info
		app terminated Error exit=3 error
	)+
	(
		app waiting CrashLoopBackOff warning
		? app ready info
		? app terminated Error exit=3 error
	)+

ends:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	(
		? app ready info
		app terminated Completed exit=0 info
	)+
	(
		app waiting CrashLoopBackOff warning
		? app ready info
		? app terminated Completed exit=0 info
	)+

init-fails:
	create
	pod waiting warning
	setup waiting PodInitializing warning
	app waiting PodInitializing warning
	(
		? setup running info
		setup terminated Error exit=4 error
	)+
	(
		setup waiting CrashLoopBackOff warning
		? setup running info
		? setup terminated Error exit=4 error
	)+
`,
		},
		{
			name: "out-of-memory",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: killed}
spec:
  restartPolicy: Never
  containers: [{name: app, command: [tail, /dev/zero], resources: {limits: {memory: 16Mi}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: survives}
spec:
  restartPolicy: Never
  containers: [{name: app, command: [sh, -c, "tail /dev/zero; exit 0"], resources: {limits: {memory: 16Mi}}}]
`,
			want: `
killed:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated OOMKilled exit=137 error
	? pod error OOMKilled error          # its phase came later

survives:                                # a child was killed, and the container ended with 0
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated OOMKilled exit=0 error
	? pod terminated info
`,
		},
		{
			name: "bad-command",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  containers: [{name: app, command: [/no/such/program]}]
`,
			want: `
bad:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	(
		? app terminated StartError exit=128 error
		? app error RunContainerError error
		? app waiting CrashLoopBackOff warning
	)+
	app waiting CrashLoopBackOff warning
	(
		? app terminated StartError exit=128 error
		? app error RunContainerError error
		? app waiting CrashLoopBackOff warning
	)*
`,
		},
		{
			name: "missing-config",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: app
      command: [sleep, "1000"]
      env: [{name: KEY, valueFrom: {configMapKeyRef: {name: settings, key: key}}}]
`,
			steps: func(s *stage) {
				s.await("web", "app error CreateContainerConfigError error", 1)
				s.apply(`
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {key: value}
`)
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app error CreateContainerConfigError error
	app ready info
`,
		},
		{
			name: "volume",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: late}
spec:
  containers: [{name: app, command: [sleep, "1000"], volumeMounts: [{name: settings, mountPath: /settings}]}]
  volumes: [{name: settings, configMap: {name: settings}}]
---
apiVersion: v1
kind: Pod
metadata: {name: never}
spec:
  containers: [{name: app, command: [sleep, "1000"], volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, hostPath: {path: /no/such/folder, type: Directory}}]
---
apiVersion: v1
kind: Pod
metadata: {name: unclaimed}
spec:
  containers: [{name: app, command: [sleep, "1000"], volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: none}}]
`,
			steps: func(s *stage) {
				s.await("late", "app waiting ContainerCreating warning", 1)
				s.apply(`
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {key: value}
`)
			},
			want: `
late:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info

never:                                   # Kubernetes gives the reason in Events alone
	create
	pod waiting warning
	app waiting ContainerCreating warning

unclaimed:
	create
	PodScheduled=False Unschedulable warning
`,
		},
		{
			name: "deadline",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: slow}
spec:
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			steps: func(s *stage) {
				s.await("slow", "app ready info", 1)
				s.update("pods", "slow", object{"spec": object{"activeDeadlineSeconds": 1}})
			},
			want: `
slow:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	? Ready=False PodFailed warning      # comes first if the container takes long to end
	pod error DeadlineExceeded error
	app terminated Error exit=137 error
`,
		},
	}
}
