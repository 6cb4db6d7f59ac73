//go:build node

package scenarios

// jobs are pods of Jobs, with each way in which a Job can end.
func jobs() []scenario {
	return []scenario{
		{
			name: "job",
			objects: `
apiVersion: batch/v1
kind: Job
metadata: {name: good}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sleep, "1"]}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: again}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - name: app
          command: [sh, -c, "test -e /work/once || { touch /work/once; exit 1; }"]
          volumeMounts: [{name: work, mountPath: /work}]
      volumes: [{name: work, emptyDir: {}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: bad}
spec:
  backoffLimit: 1
  template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sh, -c, "exit 2"]}]}}
`,
			want: `
good-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Completed exit=0 info
	? pod terminated info                # its phase came later

again-*:                                 # the container starts again in the same pod
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Error exit=1 error
	? app waiting CrashLoopBackOff warning
	? app ready info
	app terminated Completed exit=0 info
	? pod terminated info                # its phase came later

bad-*:                                   # two pods
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Error exit=2 error
	? pod error Error error              # its phase came later
`,
		},
		{
			name: "job-policies",
			objects: `
apiVersion: batch/v1
kind: Job
metadata: {name: fatal}
spec:
  backoffLimit: 6
  podFailurePolicy:
    rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]
  template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sh, -c, "exit 42"]}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: leader}
spec:
  completionMode: Indexed
  completions: 2
  parallelism: 2
  successPolicy: {rules: [{succeededIndexes: "0"}]}
  template:
    spec:
      restartPolicy: Never
      containers: [{name: app, command: [sh, -c, "until test -e /tmp/done; do sleep 0.1; done"]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: late}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sleep, "1000"]}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: brief}
spec:
  ttlSecondsAfterFinished: 1
  template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sleep, "1"]}]}}
`,
			steps: func(s *stage) {
				s.await("leader-?-*", "app ready info", 2)
				s.exec(s.only("leader-0-*"), "app", "touch /tmp/done")
				s.await("late-*", "app ready info", 1)
				s.update("jobs", "late", object{"spec": object{"activeDeadlineSeconds": 1}})
			},
			want: `
fatal-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Error exit=42 error
	? pod error Error error

leader-0-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	app terminated Completed exit=0 info
	? pod terminated info

leader-1-*:                              # stopped, as the other one decides
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	pod running info
	app terminated Error exit=137 info
	+ pod error Error info
	delete

late-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	pod running info
	app terminated Error exit=137 info
	+ pod error Error info
	delete

brief-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Completed exit=0 info
	+ pod terminated info                # its deletion was requested
	delete
`,
		},
		{
			name: "job-indexes",
			objects: `
apiVersion: batch/v1
kind: Job
metadata: {name: each}
spec:
  completionMode: Indexed
  completions: 2
  parallelism: 2
  backoffLimitPerIndex: 3
  podFailurePolicy:
    rules: [{action: FailIndex, onExitCodes: {operator: In, values: [7]}}]
  template: {spec: {restartPolicy: Never, containers: [{name: app,
            command: [sh, -c, "exit $((JOB_COMPLETION_INDEX * 7))"]}]}}
`,
			want: `
each-0-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Completed exit=0 info
	? pod terminated info

each-1-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Error exit=7 error
	? pod error Error error
`,
		},
		{
			name: "job-disrupted",
			objects: `
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  backoffLimit: 0
  podReplacementPolicy: Failed
  podFailurePolicy:
    rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget}]}]
  template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sleep, "1000"]}]}}
`,
			steps: func(s *stage) {
				s.await("work-*", "app ready info", 1)
				s.evict(s.only("work-*"))
				s.await("work-*", "app ready info", 2) // the eviction is no failure of the Job
			},
			want: `
work-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	(
		DisruptionTarget=True EvictionByEvictionAPI warning
		pod running info
		pod error EvictionByEvictionAPI error
		app terminated Error exit=137 info
		+ pod error EvictionByEvictionAPI info
		delete EvictionByEvictionAPI
	)?
`,
		},
		{
			name: "job-suspended",
			objects: `
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sleep, "1000"]}]}}
`,
			steps: func(s *stage) {
				suspend := func(value bool) { s.update("jobs", "work", object{"spec": object{"suspend": value}}) }
				s.await("work-*", "app ready info", 1)
				suspend(true)
				s.await("work-*", "delete", 1)
				suspend(false)
				s.await("work-*", "app ready info", 2)
			},
			want: `
work-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	app ready info
	(
		pod running info                 # the Job was suspended
		app terminated Error exit=137 info
		+ pod error Error info
		delete
	)?
`,
		},
		{
			name: "job-sidecar",
			objects: `
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  template:
    spec:
      restartPolicy: Never
      initContainers: [{name: proxy, restartPolicy: Always, command: [sleep, "1000"]}]
      containers: [{name: app, command: [sleep, "1"]}]
`,
			want: `
work-*/-:
	create
	pod waiting warning
	? pod terminated info

work-*/app:
	app waiting PodInitializing warning
	? app ready info
	app terminated Completed exit=0 info

work-*/proxy:
	proxy waiting PodInitializing warning
	proxy ready info
	proxy terminated Error exit=137 info # killed, as no container needs it any more
`,
		},
		{
			name: "cron-job",
			objects: `
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "* * * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template: {spec: {restartPolicy: Never, containers: [{name: app, command: [sleep, "1"]}]}}
`,
			steps: func(s *stage) {
				s.await("tick-*", "app terminated Completed exit=0 info", 1)
				s.update("cronjobs", "tick", object{"spec": object{"suspend": true}})
			},
			want: `
tick-*:
	create
	pod waiting warning
	app waiting ContainerCreating warning
	? app ready info
	app terminated Completed exit=0 info
	* pod terminated info
	? delete                             # only the last three Jobs are kept
`,
		},
	}
}
