//go:build node

package scenarios

// starts are lives of pods in which nothing goes wrong.
func starts() []scenario {
	return []scenario{
		{
			name: "healthy",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: app, command: [sleep, "1000"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: probed}
spec:
  containers:
    - name: app
      command: [sh, -c, "sleep 10; touch /tmp/ready; exec sleep 1000"]
      readinessProbe: {exec: {command: [cat, /tmp/ready]}, periodSeconds: 1}
`,
			want: `
web:
	create
	pod waiting warning                  # scheduled
	app waiting ContainerCreating warning
	app ready info

probed:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app running info
	app ready info
`,
		},
		{
			name: "init",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers: [{name: setup, command: [sleep, "1"]}]
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			want: `
web/-:
	create
	pod waiting warning

web/setup:
	setup waiting PodInitializing warning
	? setup running info
	setup terminated Completed exit=0 info

web/app:
	app waiting PodInitializing warning
	app ready info
`,
		},
		{
			name: "sidecar",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - name: proxy
      command: [sh, -c, "trap exit TERM; touch /tmp/up; while :; do sleep 1; done"]
      restartPolicy: Always
      startupProbe: {exec: {command: [cat, /tmp/up]}, periodSeconds: 1}
  containers:
    - {name: app, command: [sleep, "1000"]}
`,
			want: `
web/-:
	create
	pod waiting warning

web/proxy:
	proxy waiting PodInitializing warning
	? proxy running info                 # started, but its startup probe has not succeeded
	proxy ready info

web/app:
	app waiting PodInitializing warning
	app ready info
`,
		},
		{
			name: "rolling-update",
			objects: `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: app, command: [sh, -c, "trap exit TERM; while :; do sleep 0.1; done"]}]
`,
			steps: func(s *stage) {
				s.await("web-*", "app ready info", 1)
				s.update("deployments", "web", object{"spec": object{"template": object{"metadata": object{
					"annotations": object{"release": "2"},
				}}}})
				s.await("web-*", "app ready info", 2)
				s.await("web-*", "delete", 1)
			},
			want: `
web-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	(
		pod running info                 # its deletion was requested
		app terminated Completed exit=0 info
		pod terminated info              # the grace period is over
		delete
	)?
`,
		},
		{
			name: "gated",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: gated}
spec:
  schedulingGates: [{name: example.com/quota}]
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			steps: func(s *stage) {
				s.await("gated", "PodScheduled=False SchedulingGated warning", 1)
				s.update("pods", "gated", object{"spec": object{"schedulingGates": nil}})
			},
			want: `
gated:
	create
	PodScheduled=False SchedulingGated warning
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
`,
		},
		{
			name: "debug",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: app, command: [sleep, "1000"]}]
`,
			steps: func(s *stage) {
				s.await("web", "app ready info", 1)
				s.update("pods", "web/ephemeralcontainers", object{"spec": object{"ephemeralContainers": []object{{
					"name": "debugger", "image": "node.test/box:1", "imagePullPolicy": "IfNotPresent",
					"command": []string{"sh", "-c", "sleep 10; exit 3"}, "targetContainerName": "app",
				}}}})
			},
			want: `
web:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	? debugger waiting * warning
	debugger running info                # an ephemeral container is never ready
	debugger terminated Error exit=3 error
`,
		},
		{
			name: "static-pod",
			steps: func(s *stage) {
				s.writeStaticPod(`
apiVersion: v1
kind: Pod
metadata: {name: static, namespace: static-pod}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: app, image: node.test/box:1, imagePullPolicy: IfNotPresent, command: [sleep, "1000"]}
`)
				s.await("static-*", "app ready info", 1)
				s.removeStaticPod()
			},
			want: `
static-*:
	create
	? app waiting ContainerCreating warning
	app ready info
	(
		pod running info
		? app terminated Error exit=137 info
	)?
	delete
`,
		},
		{
			name: "image-volume",
			objects: `
apiVersion: v1
kind: Pod
metadata: {name: there}
spec:
  containers:
    - name: app
      command: [sh, -c, "test -e /data/bin/sh && exec sleep 1000"]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, image: {reference: "node.test/box:1", pullPolicy: IfNotPresent}}]
---
apiVersion: v1
kind: Pod
metadata: {name: missing}
spec:
  containers: [{name: app, command: [sleep, "1000"], volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, image: {reference: "node.test/none:1", pullPolicy: IfNotPresent}}]
`,
			want: `
there:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info

missing:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	(
		app error ErrImagePull error
		? app waiting ImagePullBackOff warning
	)+
`,
		},
	}
}
