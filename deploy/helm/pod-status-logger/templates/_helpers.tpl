{{/*
The name of the chart, for labels.
*/}}
{{- define "pod-status-logger.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
The name of objects. 52 characters at most: a StatefulSet's controller appends a
hash of 10 to make the label controller-revision-hash.
*/}}
{{- define "pod-status-logger.fullname" -}}
{{- $name := include "pod-status-logger.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/*
The name of cluster-wide objects and of those in other namespaces, which several
releases may create. The colon, which no other name contains, separates namespace
and name.
*/}}
{{- define "pod-status-logger.sharedname" -}}
{{- printf "%s:%s" .Release.Namespace (include "pod-status-logger.fullname" .) }}
{{- end }}

{{- define "pod-status-logger.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "pod-status-logger.tag" -}}
{{- .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "pod-status-logger.image" -}}
{{- with .Values.image.digest }}
{{- printf "%s@%s" $.Values.image.repository . }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (include "pod-status-logger.tag" .) }}
{{- end }}
{{- end }}

{{- define "pod-status-logger.labels" -}}
helm.sh/chart: {{ include "pod-status-logger.chart" . }}
{{ include "pod-status-logger.selectorLabels" . }}
app.kubernetes.io/version: {{ include "pod-status-logger.tag" . | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "pod-status-logger.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pod-status-logger.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "pod-status-logger.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "pod-status-logger.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
The program's configuration file. State directory and address are arguments.
*/}}
{{- define "pod-status-logger.config" -}}
{{- $head := dict "apiVersion" "podstatus/v1alpha1" "kind" "Config" }}
{{- $config := mergeOverwrite (deepCopy (.Values.config | default dict)) $head }}
{{- if .Values.events }}
{{- $config = mergeOverwrite $config (dict "events" (dict "enabled" true)) }}
{{- end }}
{{- if .Values.workloads }}
{{- $config = mergeOverwrite $config (dict "workloads" true) }}
{{- end }}
{{- $config | toYaml }}
{{- end }}

{{/*
The program's permissions. Plugins need the owners of pods, which the program lists at
the first start. An empty list of plugins runs none; without a list the program runs
its default.
*/}}
{{- define "pod-status-logger.rules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- $config := .Values.config | default dict }}
{{- $events := or .Values.events ($config.events).enabled }}
{{- if $events }}
- apiGroups: [""]
  resources: [events]
  verbs: [list, watch]
{{- end }}
{{- if or .Values.workloads $config.workloads }}
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [list, watch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch]
{{- end }}
{{- $plugins := or (not (hasKey $config "plugins")) $config.plugins }}
{{- if or (eq .Values.rbac.owners "always") (and (eq .Values.rbac.owners "auto") $plugins) }}
{{- range concat .Values.rbac.ownerKinds .Values.rbac.extraOwnerKinds }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }}
  verbs: {{ ternary "[get, list]" "[get]" $.Values.rbac.listOwners }}
{{- end }}
{{- if $events }}
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get]
{{- end }}
{{- end }}
{{- end }}

{{/*
The program needs shutdownTimeout to send records and 3 s to end plugins. The
rest is a margin for a slow kubelet.
*/}}
{{- define "pod-status-logger.grace" -}}
{{- $timeout := (.Values.config).shutdownTimeout | default "10s" }}
{{- $part := dict "h" 3600 "m" 60 "s" 1 }}
{{- $sum := 20 }}
{{- range regexFindAll "[0-9]+(\\.[0-9]+)?(h|ms|m|s)" $timeout -1 }}
{{- $unit := regexFind "[a-z]+$" . }}
{{- $sum = add $sum (mulf (trimSuffix $unit . | float64) (get $part $unit | default 0.001) | ceil) }}
{{- end }}
{{- $sum }}
{{- end }}

{{/*
The port of the OTLP endpoint, for the NetworkPolicy. A Unix socket has none.
*/}}
{{- define "pod-status-logger.otlpPort" -}}
{{- with ((.Values.config).otlp).endpoint }}
{{- $url := contains "://" . | ternary . (printf "https://%s" .) | urlParse }}
{{- if ne $url.scheme "unix" }}
{{- $default := ternary ":80" ":443" (eq $url.scheme "http") }}
{{- regexFind ":[0-9]+$" $url.host | default $default | trimPrefix ":" }}
{{- end }}
{{- end }}
{{- end }}
