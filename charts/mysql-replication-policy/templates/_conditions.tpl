{{/*
What the API server tells by itself, in CEL (Kubernetes documentation, "Matching requests: matchConditions"). All
conditions of a policy must hold for an object to be sent to the policy server, so each lets pass what it is not about.

- None may fail on any object: a condition that fails rejects the request (failurePolicy: Fail), or keeps it away. A
  field that is not there is asked for by `has` first: an object with generateName has no name yet, and `containers` is
  null where nobody wrote any.
- What an expression costs is limited, to 1 000 000 (k8s.io/apiserver, `pkg/apis/cel`): a search costs a tenth for each
  character, times a tenth for each of what is looked for, or a quarter of a pattern's (cel-go, `interpreter`). Lists
  and texts that are longer than that leaves room for are not searched: their object is sent.
- `k.contains('mysql-replication')` is broader than the policy's prefix, for annotations that are misspelt.
*/}}

{{/* Has it any of this policy's annotations? */}}
{{- define "policy.annotated" -}}
[object, oldObject].exists(o, o != null && (
  (has(o.metadata.annotations) && o.metadata.annotations.exists(k, k.contains('mysql-replication'))) ||
  (has(o.metadata.labels) && o.metadata.labels.exists(k, k.contains('mysql-replication')))))
{{- end }}

{{/* The same for objects with a template of pods. */}}
{{- define "policy.annotatedTemplate" -}}
{{ include "policy.annotated" . }} ||
[object, oldObject].exists(o, o != null &&
  has(o.spec) && has(o.spec.template) && has(o.spec.template.metadata) && (
    (has(o.spec.template.metadata.annotations) &&
      o.spec.template.metadata.annotations.exists(k, k.contains('mysql-replication'))) ||
    (has(o.spec.template.metadata.labels) &&
      o.spec.template.metadata.labels.exists(k, k.contains('mysql-replication')))))
{{- end }}

{{/* A key that was meant to be `inject`: with two slips in its domain, one of these parts is still whole. */}}
{{- define "policy.wish" -}}
k.matches('(?i)(sql|repl|kub|ward).*/inject$')
{{- end }}

{{/* All that the policy looks for in names and texts. `resource`, which many applications have, is no `source`. */}}
{{- define "policy.words" -}}
'(?i)rw|writ|primary|master|leader|([^r]e|[^e]|^)source'
{{- end }}

{{/* Containers of which a name, a value, a command or an argument may say write; `pod` is the pod's specification. */}}
{{- define "policy.saysWrite" -}}
[(has(pod.containers) && pod.containers != null ? pod.containers : []) +
 (has(pod.initContainers) ? pod.initContainers : []) +
 (has(pod.ephemeralContainers) ? pod.ephemeralContainers : [])].exists(cs, cs.exists(c,
  has(c.envFrom) ||
  (has(c.env) && (size(c.env) * size(cs) > 300 || c.env.exists(e,
    [has(e.name) ? e.name : '', has(e.value) ? e.value : ''].exists(t,
      size(t) > 500 || t.matches({{ include "policy.words" . }})) ||
    (has(e.valueFrom) && has(e.valueFrom.configMapKeyRef))))) ||
  [(has(c.command) ? c.command : []) + (has(c.args) ? c.args : [])].exists(ws,
    size(ws) * size(cs) > 300 || ws.exists(t,
      size(t) > 500 || t.matches({{ include "policy.words" . }})))))
{{- end }}

{{/* Whatever is deleted may go, also while the policy server is away: finalizers are taken off by an update. */}}
{{- define "policy.condition.notDeleted" -}}
- name: not-on-its-way-out
  expression: "!has(object.metadata.deletionTimestamp)"
{{- end }}

{{- define "policy.condition.statefulSets" -}}
- name: statefulsets-of-databases
  expression: |-
    request.kind.kind != 'StatefulSet' ||
    {{- include "policy.annotatedTemplate" . | nindent 4 }} ||
    [object.metadata, has(object.spec) && has(object.spec.template) && has(object.spec.template.metadata) ?
      object.spec.template.metadata : {}].exists(m,
        (has(m.annotations) && (size(m.annotations) > 100 || m.annotations.exists(k,
          {{ include "policy.wish" . }}))) ||
        (has(m.labels) && (size(m.labels) > 100 || m.labels.exists(k,
          {{ include "policy.wish" . }})))) ||
    {{- if ne .unmanaged "allow" }}
    (has(object.spec) && has(object.spec.template) && has(object.spec.template.spec) &&
      has(object.spec.template.spec.containers) && object.spec.template.spec.containers != null &&
      object.spec.template.spec.containers.exists(c,
        has(c.image) && c.image.matches('(?i)mysql|mariadb|percona'))) ||
    {{- end }}
    (has(object.spec) && has(object.spec.template) && has(object.spec.template.spec) &&
      [object.spec.template.spec].exists(pod,
        {{- include "policy.saysWrite" . | nindent 8 }}))
{{- end }}

{{- define "policy.condition.services" -}}
- name: services-of-databases
  expression: |-
    request.kind.kind != 'Service' ||
    {{- include "policy.annotated" . | nindent 4 }} ||
    [object, oldObject].exists(o, o != null && (
      [has(o.metadata.name) ? o.metadata.name : '',
       has(o.metadata.generateName) ? o.metadata.generateName : ''].exists(n,
        n.matches('(?i)mysql|maria|percona|sql|db|data|rw|writ|primary|master')) ||
      (has(o.metadata.labels) && (size(o.metadata.labels) > 100 || o.metadata.labels.exists(k,
        o.metadata.labels[k].matches('(?i)mysql|maria|percona|rw|writ|primary|master')))) ||
      (has(o.spec) && (
        (has(o.spec.clusterIP) && o.spec.clusterIP == 'None') ||
        (has(o.spec.externalName) && o.spec.externalName.matches('(?i)mysql|maria|percona|sql|db|-[0-9]+[.]')) ||
        (has(o.spec.selector) && (size(o.spec.selector) > 100 || o.spec.selector.exists(k,
          k in ['statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index'] ||
          o.spec.selector[k].matches('(?i)mysql|maria|percona|sql|db')))) ||
        (has(o.spec.ports) && (size(o.spec.ports) > 100 || o.spec.ports.exists(p,
          (has(p.port) && p.port in [3306, 3307]) ||
          (has(p.targetPort) && (p.targetPort in [3306, 3307] || p.targetPort in ['mysql', 'xtrabackup'])) ||
          (has(p.name) && p.name.matches('(?i)mysql|maria|sql|db')))))))))
{{- end }}

{{/*
Values may come into arguments by their key, and scripts into hooks: those that look like options, name an option file
or have a statement about replication are sent, too. Before the dashes of a certificate's first line stands another dash.
*/}}
{{- define "policy.condition.configMaps" -}}
- name: config-maps-with-option-files
  expression: |-
    request.kind.kind != 'ConfigMap' ||
    {{- include "policy.annotated" . | nindent 4 }} ||
    [object, oldObject].exists(o, o != null && (
      (has(o.data) && (size(o.data) > 200 || o.data.exists(k,
        k.matches('(?i)^(master|slave|primary|replica)|[.]cnf$') ||
        size(o.data[k]) * size(o.data) > 60000 ||
        o.data[k].endsWith('.cnf') || o.data[k].matches(
          '(?i)(^|[^-])--[a-z]|read_only|event_sch|gtid_p|(slave|replica)_|(st(op|art)|reset|change)\\W+(all\\W+)?(slave|repl|master|binary)') ||
        o.data[k].contains('[mysqld') || o.data[k].contains('[mariadb') || o.data[k].contains('[server') ||
        o.data[k].contains('[client-') || o.data[k].contains('!include')))) ||
      (has(o.binaryData) && (size(o.binaryData) > 200 || o.binaryData.exists(k,
        k.matches('(?i)^(master|slave|primary|replica)|[.]cnf$'))))))
{{- end }}

{{/* What a controller made was looked at when its owner was admitted. */}}
{{- define "policy.condition.notOfController" -}}
- name: not-made-by-a-controller
  expression: |-
    !has(object.metadata.ownerReferences) ||
    !object.metadata.ownerReferences.exists(r, has(r.controller) && r.controller &&
      has(r.apiVersion) && r.apiVersion.matches('^(apps|batch)/') &&
      has(r.kind) && r.kind in ['StatefulSet', 'Deployment', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob']) ||
    {{- include "policy.annotatedTemplate" . | nindent 4 }}
{{- end }}

{{- define "policy.condition.workloads" -}}
- name: {{ if .writeEndpoint }}says-where-it-writes{{ else }}annotated{{ end }}
  expression: |-
    {{- include "policy.annotatedTemplate" . | nindent 4 }}
    {{- if .writeEndpoint }} ||
    (!has(object.spec) ? [] :
     request.kind.kind == 'Pod' ? [object.spec] :
     request.kind.kind == 'CronJob' ?
       (has(object.spec.jobTemplate) && has(object.spec.jobTemplate.spec) &&
        has(object.spec.jobTemplate.spec.template) && has(object.spec.jobTemplate.spec.template.spec) ?
         [object.spec.jobTemplate.spec.template.spec] : []) :
     has(object.spec.template) && has(object.spec.template.spec) ? [object.spec.template.spec] : []).exists(pod,
      {{- include "policy.saysWrite" . | nindent 6 }})
    {{- end }}
{{- end }}
