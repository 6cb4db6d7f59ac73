{{/*
Init containers that copy plugins from their images, with the images' own cp.
*/}}
{{- define "pod-status-logger.pluginCopies" -}}
{{- $copies := list }}
{{- range .Values.pluginImages }}
{{- if eq (.method | default "copy") "copy" }}
{{- $copies = append $copies . }}
{{- end }}
{{- end }}
{{- with $copies }}
initContainers:
  {{- range . }}
  - name: plugin-{{ .name }}
    image: {{ .image | quote }}
    imagePullPolicy: {{ .pullPolicy | default "IfNotPresent" }}
    command: [cp, {{ .path | quote }}, /plugins/{{ .name }}/]
    securityContext:
      {{- toYaml $.Values.securityContext | nindent 6 }}
    resources:
      requests: {cpu: 10m, memory: 16Mi}
      limits: {memory: 64Mi}
    volumeMounts:
      - {name: plugin-{{ .name }}, mountPath: /plugins/{{ .name }}}
  {{- end }}
{{- end }}
{{- end }}

{{- define "pod-status-logger.pluginVolumes" -}}
{{- range .Values.pluginImages }}
- name: plugin-{{ .name }}
  {{- if eq (.method | default "copy") "copy" }}
  emptyDir:
    sizeLimit: 256Mi
  {{- else }}
  {{- if semverCompare "<1.35.0-0" $.Capabilities.KubeVersion.Version }}
  {{- fail (printf "pluginImages: %s: image-volume needs Kubernetes 1.35, and this is %s; use method: copy" .name $.Capabilities.KubeVersion.Version) }}
  {{- end }}
  image:
    reference: {{ .image | quote }}
    pullPolicy: {{ .pullPolicy | default "IfNotPresent" }}
  {{- end }}
{{- end }}
{{- end }}

{{/*
Not empty if a plugin is a process, which needs a folder for its socket.
*/}}
{{- define "pod-status-logger.pluginProcesses" -}}
{{- range (.Values.config | default dict).plugins }}
{{- if or .command .isolate }}true{{ end }}
{{- end }}
{{- end }}
