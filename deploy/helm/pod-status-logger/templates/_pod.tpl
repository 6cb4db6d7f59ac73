{{/*
The pod's template, the same in both modes but for the volume of the journal.
*/}}
{{- define "pod-status-logger.pod" -}}
metadata:
  annotations:
    # A new configuration is a new pod: the program reads it at its start.
    checksum/config: {{ include "pod-status-logger.config" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "pod-status-logger.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  serviceAccountName: {{ include "pod-status-logger.serviceAccountName" . }}
  automountServiceAccountToken: true
  # No variables for every Service of the namespace.
  enableServiceLinks: false
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | default (include "pod-status-logger.grace" .) }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- include "pod-status-logger.pluginCopies" . | nindent 2 }}
  containers:
    - name: pod-status-logger
      image: {{ include "pod-status-logger.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      args:
        - --config=/etc/pod-status-logger/config.yaml
        - --state-dir=/var/lib/pod-status-logger
        - --listen=:9464
      env:
        - name: GOMEMLIMIT
          value: {{ .Values.goMemLimit | quote }}
        {{- include "pod-status-logger.otlpCertificates" . | nindent 8 }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: metrics
          containerPort: 9464
          protocol: TCP
      # Plugins may take ten seconds each to start, and come before the port.
      startupProbe:
        httpGet: {path: /livez, port: metrics}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /livez, port: metrics}
        periodSeconds: 10
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: /readyz, port: metrics}
        periodSeconds: 10
        timeoutSeconds: 5
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      # The end of the log: an error at the start is there in one line.
      terminationMessagePolicy: FallbackToLogsOnError
      volumeMounts:
        - {name: config, mountPath: /etc/pod-status-logger, readOnly: true}
        - {name: state, mountPath: /var/lib/pod-status-logger}
        # Sockets of plugins.
        - {name: tmp, mountPath: /tmp}
        {{- if .Values.otlp.tls.secretName }}
        - {name: otlp-tls, mountPath: /etc/pod-status-logger-tls, readOnly: true}
        {{- end }}
        {{- range .Values.pluginImages }}
        - name: plugin-{{ .name }}
          mountPath: /plugins/{{ .name }}
          {{- if and (eq (.method | default "copy") "image-volume") (dir .path | ne "/") }}
          subPath: {{ dir .path | trimPrefix "/" }}
          {{- end }}
          readOnly: true
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "pod-status-logger.fullname" . }}
    - name: tmp
      emptyDir:
        sizeLimit: 16Mi
    {{- if eq .Values.mode "deployment" }}
    - name: state
      emptyDir:
        sizeLimit: {{ .Values.emptyDir.sizeLimit }}
    {{- end }}
    {{- with .Values.otlp.tls.secretName }}
    - name: otlp-tls
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- include "pod-status-logger.pluginVolumes" . | nindent 4 }}
  {{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" }}
  {{- with get $.Values $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}

{{- define "pod-status-logger.otlpCertificates" -}}
{{- with .Values.otlp.tls }}
{{- if .secretName }}
{{- range $variable, $key := dict "CERTIFICATE" .ca "CLIENT_CERTIFICATE" .cert "CLIENT_KEY" .key }}
{{- if $key }}
- name: OTEL_EXPORTER_OTLP_{{ $variable }}
  value: /etc/pod-status-logger-tls/{{ $key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
