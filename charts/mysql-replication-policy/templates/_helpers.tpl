{{- define "policy.labels" -}}
app.kubernetes.io/name: mysql-replication-policy
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Where policy servers run, and their service accounts are: the namespace of Kubewarden's controller. */}}
{{- define "policy.kubewardenNamespace" -}}
{{- .Values.policyServer.namespace | default .Release.Namespace }}
{{- end }}

{{- define "policy.policyServer" -}}
{{- .Values.policyServer.name | default (ternary .Values.nameOverride "default" .Values.policyServer.create) }}
{{- end }}

{{/* With a digest as `kwctl push` prints it: without a tag. */}}
{{- define "policy.module" -}}
{{- if .Values.module.digest -}}
registry://{{ .Values.module.repository }}@{{ .Values.module.digest }}
{{- else -}}
registry://{{ .Values.module.repository }}:{{ .Values.module.tag | default (printf "v%s" .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/*
The policy's settings: what the step of the roll-out says, and over it what the values say.

What is empty in the values is left out, for a form sends it so, and null would not be the policy's default.
*/}}
{{- define "policy.settings" -}}
{{- $settings := dict }}
{{- range $key, $value := .Values.settings }}
{{- if $value }}{{ $_ := set $settings $key (deepCopy $value) }}{{ end }}
{{- end }}
{{- $step := dict "unmanaged" "reject" }}
{{- if eq .Values.rollout "warn" }}
{{- $step = dict "unmanaged" "warn" "rules" (dict "write-service" "warn" "write-endpoint" "warn") }}
{{- end }}
{{- toYaml (merge $settings $step) }}
{{- end }}

{{/* What both policies have in common. */}}
{{- define "policy.common" -}}
module: {{ include "policy.module" . }}
policyServer: {{ include "policy.policyServer" . }}
mode: {{ ternary "monitor" "protect" (eq .Values.rollout "monitor") }}
timeoutSeconds: {{ .Values.timeoutSeconds }}
backgroundAudit: {{ .Values.backgroundAudit }}
contextAwareResources:
  - apiVersion: v1
    kind: Service
  - apiVersion: v1
    kind: ConfigMap
  - apiVersion: apps/v1
    kind: StatefulSet
namespaceSelector:
  matchExpressions:
    {{- with .Values.excludedNamespaces }}
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values:
        {{- toYaml . | nindent 8 }}
    {{- end }}
    {{- with .Values.namespaceExpressions }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
settings:
  {{- include "policy.settings" . | nindent 2 }}
{{- end }}
