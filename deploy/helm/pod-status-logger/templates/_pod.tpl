{{/*
The pod's template, the same in both modes except for the volume of the journal.
*/}}
{{- define "pod-status-logger.pod" -}}
metadata:
  annotations:
    # The program reads its configuration at its start. Helm makes a new pod where
    # this sum changes; who changes the ConfigMap by hand has to restart the pod.
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
  serviceAccountName: {{ include "pod-status-logger.serviceAccountName" . | quote }}
  # The token is mounted below: for the program, not for images that bring plugins.
  automountServiceAccountToken: false
  # No variables for every Service of the namespace.
  enableServiceLinks: false
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds | default (include "pod-status-logger.grace" .) }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
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
        {{- include "pod-status-logger.env" . | nindent 8 }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: metrics
          containerPort: 9464
          protocol: TCP
      # Ten minutes: the journal is checked and plugins start before the port is there.
      startupProbe:
        httpGet: {path: /livez, port: metrics}
        periodSeconds: 1
        failureThreshold: 600
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
      # Not FallbackToLogsOnError: records at the end of the log would become a message in
      # the pod's status, and part of another record.
      terminationMessagePolicy: File
      volumeMounts:
        - {name: config, mountPath: /etc/pod-status-logger, readOnly: true}
        - {name: state, mountPath: /var/lib/pod-status-logger}
        - {name: api, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
        {{- if include "pod-status-logger.pluginProcesses" . }}
        # Sockets of plugins.
        - {name: tmp, mountPath: /tmp}
        {{- end }}
        {{- if .Values.otlp.tls.secretName }}
        - {name: otlp-tls, mountPath: /etc/pod-status-logger-tls, readOnly: true}
        {{- end }}
        {{- range .Values.pluginImages }}
        - name: plugin-{{ .name }}
          mountPath: /plugins/{{ .name }}
          {{- if and (eq (.method | default "copy") "image-volume") (dir .path | ne "/") }}
          subPath: {{ dir .path | trimPrefix "/" | quote }}
          {{- end }}
          readOnly: true
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "pod-status-logger.fullname" . | quote }}
    # As Kubernetes itself mounts it into every container, where it does that.
    - name: api
      projected:
        sources:
          - serviceAccountToken: {path: token, expirationSeconds: 3607}
          - configMap:
              name: kube-root-ca.crt
              items: [{key: ca.crt, path: ca.crt}]
          - downwardAPI:
              items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]
    {{- if include "pod-status-logger.pluginProcesses" . }}
    - name: tmp
      emptyDir:
        sizeLimit: 16Mi
    {{- end }}
    {{- if eq .Values.mode "deployment" }}
    - name: state
      emptyDir:
        sizeLimit: {{ .Values.emptyDir.sizeLimit | quote }}
    {{- end }}
    {{- with .Values.otlp.tls.secretName }}
    - name: otlp-tls
      secret:
        secretName: {{ . | quote }}
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

{{/*
The chart's variables, unless extraEnv sets them, and extraEnv.
*/}}
{{- define "pod-status-logger.env" -}}
{{- $own := dict "GOMEMLIMIT" .Values.goMemLimit }}
{{- with .Values.otlp.tls }}
{{- if .secretName }}
{{- range $variable, $key := dict "CERTIFICATE" .ca "CLIENT_CERTIFICATE" .cert "CLIENT_KEY" .key }}
{{- if $key }}
{{- $_ := set $own (printf "OTEL_EXPORTER_OTLP_%s" $variable) (printf "/etc/pod-status-logger-tls/%s" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.extraEnv }}
{{- $_ := unset $own .name }}
{{- end }}
{{- range $name, $value := $own }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
