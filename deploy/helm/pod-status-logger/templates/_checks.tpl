{{/*
Checks that a schema can't express: values that contradict each other or the chart.
*/}}
{{- define "pod-status-logger.checks" -}}
{{- include "pod-status-logger.checkOwn" . }}
{{- include "pod-status-logger.checkOTLP" . }}
{{- include "pod-status-logger.checkSize" . }}
{{- if and .Values.rbac.create (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
{{- fail "serviceAccount.name: required if serviceAccount.create is false; the account default would grant the permissions to every pod of the namespace without an account of its own" }}
{{- end }}
{{- if and ((.Values.config).telemetry).pprof (not (and .Values.networkPolicy.enabled .Values.networkPolicy.from)) }}
{{- fail "config.telemetry.pprof: profiles would be served to everybody who can reach the metrics port; set networkPolicy.enabled and networkPolicy.from" }}
{{- end }}
{{- end }}

{{/*
A duplicate key is invalid YAML, or replaces a label that selectors need.
*/}}
{{- define "pod-status-logger.checkOwn" -}}
{{- $labels := include "pod-status-logger.labels" . | fromYaml }}
{{- $own := dict "podLabels" $labels "serviceMonitor.labels" $labels "prometheusRule.labels" $labels "dashboard.labels" $labels "podAnnotations" (dict "checksum/config" "") }}
{{- range $path, $keys := $own }}
{{- $value := $.Values }}
{{- range splitList "." $path }}
{{- $value = get $value . | default dict }}
{{- end }}
{{- range keys $keys | sortAlpha }}
{{- if hasKey $value . }}
{{- fail (printf "%s: %s is set by the chart; remove it" $path .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "pod-status-logger.checkOTLP" -}}
{{- $endpoint := ((.Values.config).otlp).endpoint | default "" }}
{{- if regexMatch "^[a-z]+://[^/?#]*@" $endpoint }}
{{- fail "config.otlp.endpoint: user and password would be in a ConfigMap; set OTEL_EXPORTER_OTLP_HEADERS by extraEnv, from a Secret" }}
{{- end }}
{{- if and .Values.otlp.tls.secretName (regexMatch "^(http|unix)://" $endpoint) }}
{{- fail (printf "otlp.tls.secretName: config.otlp.endpoint %s has no TLS; use https://" $endpoint) }}
{{- end }}
{{- $silent := ((.Values.config).stdout).enabled | toString | eq "false" }}
{{- if and $silent (not (include "pod-status-logger.otlp" .)) (not .Values.extraEnvFrom) }}
{{- fail "config.stdout.enabled: no sink is left; set config.otlp.endpoint, or OTEL_EXPORTER_OTLP_ENDPOINT by extraEnv" }}
{{- end }}
{{- end }}

{{/*
Not empty if the values configure an OTLP receiver.
*/}}
{{- define "pod-status-logger.otlp" -}}
{{- if ((.Values.config).otlp).endpoint }}true{{- end }}
{{- range .Values.extraEnv }}
{{- if has .name (list "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") }}true{{- end }}
{{- end }}
{{- end }}

{{/*
The journal's file may take twice the size of its content. 256Mi is
the program's default.
*/}}
{{- define "pod-status-logger.checkSize" -}}
{{- $max := ((.Values.config).state).maxSize | default "256Mi" }}
{{- $path := ternary "persistence.size" "emptyDir.sizeLimit" (eq .Values.mode "statefulset") }}
{{- $size := ternary .Values.persistence.size .Values.emptyDir.sizeLimit (eq .Values.mode "statefulset") }}
{{- $needs := include "pod-status-logger.bytes" $max | float64 | mulf 2 }}
{{- $has := include "pod-status-logger.bytes" $size | float64 }}
{{- if and $has (gt $needs $has) }}
{{- fail (printf "%s: %s is too small for config.state.maxSize %s: the journal's file may take twice that" $path $size $max) }}
{{- end }}
{{- end }}

{{/*
The bytes of a quantity; empty for uncommon notations.
*/}}
{{- define "pod-status-logger.bytes" -}}
{{- $unit := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- if regexMatch "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$" . }}
{{- mulf (regexFind "^[0-9.]+" . | float64) (get $unit (regexFind "[A-Za-z]*$" .)) }}
{{- end }}
{{- end }}
