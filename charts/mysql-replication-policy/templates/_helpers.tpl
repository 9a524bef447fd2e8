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

{{/* What of a map is not empty, at every depth, as JSON: forms send what nobody has filled in. No number is empty. */}}
{{- define "policy.filled" -}}
{{- $filled := dict }}
{{- range $key, $value := . }}
{{- if kindIs "map" $value }}{{ $value = include "policy.filled" $value | fromJson }}{{ end }}
{{- if or $value (has (kindOf $value) (list "int" "int64" "float64")) }}{{ $_ := set $filled $key $value }}{{ end }}
{{- end }}
{{- toJson $filled }}
{{- end }}

{{/* The policy's settings: what the step of the roll-out says, and over it what the values say. */}}
{{- define "policy.settings" -}}
{{- $settings := include "policy.filled" (.Values.settings | default dict) | fromJson }}
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
