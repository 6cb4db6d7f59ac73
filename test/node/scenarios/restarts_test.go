//go:build node

package scenarios

// restarts are containers that their own rules restart.
func restarts() []scenario {
	return []scenario{
		{
			name: "restart-rules",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: again}
spec:
  restartPolicy: Never
  containers:
    - name: app
      command: [sh, -c, "sleep 1; exit 42"]
      restartPolicy: Never
      restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}]
    - {name: other, command: [sleep, "1000"]}
`,
			want: `
again/-:
	create
	pod waiting warning

again/other:
	other waiting ContainerCreating warning
	other ready info

again/app:
	app waiting ContainerCreating warning
	(
		? app ready info
		app terminated Error exit=42 error
	)+
	(
		app waiting CrashLoopBackOff warning
		? app ready info
		? app terminated Error exit=42 error
	)+
`,
		},
		{
			name: "restart-all",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: everything}
spec:
  restartPolicy: Never
  initContainers: [{name: setup, command: ["true"]}]
  containers:
    - name: app
      command: [sh, -c, "test -e /work/once && exec sleep 1000; touch /work/once; sleep 10; exit 88"]
      restartPolicy: Never
      restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [88]}}]
      volumeMounts: [{name: work, mountPath: /work}]
    - {name: other, command: [sh, -c, "trap exit TERM; while :; do sleep 0.1; done"]}
  volumes: [{name: work, emptyDir: {}}]
`,
			want: `
everything/-:
	create
	pod waiting warning
	AllContainersRestarting=True RestartAllContainersStarted warning
	AllContainersRestarting=False info

everything/setup:
	setup waiting PodInitializing warning
	? setup running info
	setup terminated Completed exit=0 info
	setup waiting RestartingAllContainers warning
	? setup running info
	setup terminated Completed exit=0 info

everything/app:
	app waiting PodInitializing warning
	? app ready info
	app terminated Error exit=88 error
	app waiting RestartingAllContainers warning
	? app waiting PodInitializing warning
	app ready info

everything/other:                        # it ends, too, and mostly nobody sees how
	other waiting PodInitializing warning
	other ready info
	? other terminated Completed exit=0 info
	other waiting RestartingAllContainers warning
	? other waiting PodInitializing warning
	other ready info
`,
		},
	}
}
