{{- range $hook := list "pre-install" "post-install" "pre-upgrade" "post-upgrade" "pre-rollback" "post-delete" }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: hook-{{ $hook }}
  annotations: {helm.sh/hook: {{ $hook }}, helm.sh/hook-delete-policy: before-hook-creation}
data: {value: {{ $.Values.value | quote }}}
{{- end }}
