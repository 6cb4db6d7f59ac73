//go:build node

package scenarios

// probes are containers whose probes or hooks fail.
func probes() []scenario {
	return []scenario{
		{
			name: "liveness",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: app
      command: [sh, -c, "touch /tmp/alive; sleep 10; rm /tmp/alive; exec sleep 1000"]
      livenessProbe: {exec: {command: [cat, /tmp/alive]}, periodSeconds: 1, failureThreshold: 2}
`,
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	app terminated Error exit=137 error
	app ready info
	( 
		app terminated Error exit=137 error
		? app waiting CrashLoopBackOff warning
		? app ready info
	)*
`,
		},
		{
			name: "readiness",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: app
      command: [sh, -c, "touch /tmp/ready; exec sleep 1000"]
      readinessProbe: {exec: {command: [cat, /tmp/ready]}, periodSeconds: 1, failureThreshold: 1}
`,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				s.exec("web", "app", "rm /tmp/ready")
				s.await("web", "app running warning", 1)
				s.exec("web", "app", "touch /tmp/ready")
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app running info
	app ready info
	app running warning                  # not ready any more
	app ready info
`,
		},
		{
			name: "startup",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: slow}
spec:
  containers:
    - name: app
      command: [sh, -c, "sleep 10; touch /tmp/started; exec sleep 1000"]
      startupProbe: {exec: {command: [cat, /tmp/started]}, periodSeconds: 1, failureThreshold: 100}
---
apiVersion: v1
kind: Pod
metadata: {name: never}
spec:
  restartPolicy: Never
  containers:
    - name: app
      command: [sleep, "1000"]
      startupProbe: {exec: {command: [cat, /tmp/started]}, periodSeconds: 1, failureThreshold: 10}
`,
			want: `
slow:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app running info
	app ready info

never:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app running info
	app terminated Error exit=137 error
	? pod error Error error
`,
		},
		{
			name: "pre-stop",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 30
  containers:
    - name: app
      command: [sh, -c, "trap exit TERM; while :; do sleep 0.1; done"]
      lifecycle: {preStop: {exec: {command: [sleep, "2"]}}}
`,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				s.delete("pods", "web")
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	pod running info                     # its deletion was requested
	app terminated Completed exit=0 info
	pod terminated info                  # its grace period is now 0
	delete
`,
		},
		{
			name: "readiness-gate",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  readinessGates: [{conditionType: example.com/load-balancer}]
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			steps: func(s *stage) {
				gate := func(status, reason string) {
					s.update("pods", "web/status", object{"status": object{"conditions": []object{{
						"type": "example.com/load-balancer", "status": status, "reason": reason,
						"message": "target group web", "lastTransitionTime": "2018-03-16T14:00:00Z",
					}}}})
				}
				s.await("web", "app ready info", 1)
				gate("True", "Healthy")
				s.await("web", "Ready=True info", 1)
				gate("False", "FailedHealthChecks")
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	? Ready=False ReadinessGatesNotReady warning
	example.com/load-balancer=True Healthy info
	Ready=True info
	example.com/load-balancer=False FailedHealthChecks warning
	Ready=False ReadinessGatesNotReady warning
`,
		},
	}
}
