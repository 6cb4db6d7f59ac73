{{/*
What a schema can't say: values that contradict each other, or the chart.
*/}}
{{- define "pod-status-logger.checks" -}}
{{- include "pod-status-logger.checkOwn" . }}
{{- include "pod-status-logger.checkOTLP" . }}
{{- include "pod-status-logger.checkSize" . }}
{{- if and .Values.rbac.create (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}
{{- fail "serviceAccount.name: name the account that gets the rights (serviceAccount.create is false); the account default would give them to every pod of the namespace that names none" }}
{{- end }}
{{- if and ((.Values.config).telemetry).pprof (not (and .Values.networkPolicy.enabled .Values.networkPolicy.from)) }}
{{- fail "config.telemetry.pprof: profiles would be served to everybody who reaches the metrics port; restrict it by networkPolicy.from, with networkPolicy.enabled" }}
{{- end }}
{{- end }}

{{/*
A key that is there twice is no YAML, or takes the place of what selectors need.
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
{{- fail (printf "%s: %s is the chart's own; leave it out" $path .) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "pod-status-logger.checkOTLP" -}}
{{- $endpoint := ((.Values.config).otlp).endpoint | default "" }}
{{- if regexMatch "^[a-z]+://[^/?#]*@" $endpoint }}
{{- fail "config.otlp.endpoint: user and password would be in a ConfigMap; give them in OTEL_EXPORTER_OTLP_HEADERS by extraEnv, from a Secret" }}
{{- end }}
{{- if and .Values.otlp.tls.secretName (regexMatch "^(http|unix)://" $endpoint) }}
{{- fail (printf "otlp.tls.secretName: config.otlp.endpoint %s has no TLS; want one with https://" $endpoint) }}
{{- end }}
{{- $silent := ((.Values.config).stdout).enabled | toString | eq "false" }}
{{- if and $silent (not (include "pod-status-logger.otlp" .)) (not .Values.extraEnvFrom) }}
{{- fail "config.stdout.enabled: records would go nowhere; name a receiver in config.otlp.endpoint, or in OTEL_EXPORTER_OTLP_ENDPOINT by extraEnv" }}
{{- end }}
{{- end }}

{{/*
Whether records are sent over OTLP, as far as the values say.
*/}}
{{- define "pod-status-logger.otlp" -}}
{{- if ((.Values.config).otlp).endpoint }}true{{- end }}
{{- range .Values.extraEnv }}
{{- if has .name (list "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") }}true{{- end }}
{{- end }}
{{- end }}

{{/*
The journal's file may take one and a half times of what is in it. 256Mi is the
program's default.
*/}}
{{- define "pod-status-logger.checkSize" -}}
{{- $max := ((.Values.config).state).maxSize | default "256Mi" }}
{{- $path := ternary "persistence.size" "emptyDir.sizeLimit" (eq .Values.mode "statefulset") }}
{{- $size := ternary .Values.persistence.size .Values.emptyDir.sizeLimit (eq .Values.mode "statefulset") }}
{{- $needs := include "pod-status-logger.bytes" $max | float64 | mulf 1.5 }}
{{- $has := include "pod-status-logger.bytes" $size | float64 }}
{{- if and $has (gt $needs $has) }}
{{- fail (printf "%s: %s is too small for config.state.maxSize, which is %s: the journal's file may take one and a half times that" $path $size $max) }}
{{- end }}
{{- end }}

{{/*
The bytes of a quantity, and nothing for one that is written in a rare way.
*/}}
{{- define "pod-status-logger.bytes" -}}
{{- $unit := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- if regexMatch "^[0-9]+(\\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$" . }}
{{- mulf (regexFind "^[0-9.]+" . | float64) (get $unit (regexFind "[A-Za-z]*$" .)) }}
{{- end }}
{{- end }}
