/**
 * Short descriptions, in our own words, of the kinds and fields that people look up with `kubectl explain`. One line each: the name of
 * a definition, or of a field of it (`*`: of any), and what it is.
 */
const lines = `
*.apiVersion The group and version of the kind.
*.kind What kind of object this is.
*.metadata Its name, its labels, and what else every object has.
*.spec What is wanted.
*.status What was last observed. Written by the cluster.
meta.v1.ObjectMeta Standard object's metadata: its name, its labels, who owns it.
meta.v1.ObjectMeta.name The name, unique within the namespace among the objects of a kind. It cannot be changed.
meta.v1.ObjectMeta.generateName A prefix by which the server makes a name, where none is given.
meta.v1.ObjectMeta.namespace The namespace that the object lies in. Empty for objects of the cluster.
meta.v1.ObjectMeta.labels Keys and values by which objects are grouped and selected.
meta.v1.ObjectMeta.annotations Keys and values for programs and people; nothing selects by them.
meta.v1.ObjectMeta.uid What tells the object from every other one, also from an earlier one of its name. Set by the server.
meta.v1.ObjectMeta.resourceVersion Which version of the object this is. Clients compare it for equality, and nothing else.
meta.v1.ObjectMeta.generation Counts the changes of what is desired. Set by the server.
meta.v1.ObjectMeta.creationTimestamp CreationTimestamp is a timestamp: when the object was created. Set by the server.
meta.v1.ObjectMeta.deletionTimestamp Since when, or by when, the object is to go. Set by the server when it is deleted.
meta.v1.ObjectMeta.deletionGracePeriodSeconds How many seconds the object has to end by itself.
meta.v1.ObjectMeta.finalizers Who must have done their part before the object goes.
meta.v1.ObjectMeta.ownerReferences The objects that this one belongs to; it goes when all of them are gone.
meta.v1.ObjectMeta.managedFields Who set which fields, for server-side apply.
meta.v1.LabelSelector Which objects are meant, by their labels: all of its conditions must hold.
meta.v1.LabelSelector.matchLabels Labels that must have exactly these values.
meta.v1.LabelSelector.matchExpressions Conditions on labels: In, NotIn, Exists, DoesNotExist.
core.v1.Pod One or more containers that run on one node and share its network address and volumes.
core.v1.Pod.spec What is to run, and how.
core.v1.Pod.status What was last observed of it.
core.v1.PodSpec What a Pod is to run, where and how.
core.v1.PodSpec.containers The containers that make up the Pod. At least one; they cannot be added or removed later.
core.v1.PodSpec.initContainers Containers that run one after another, each to its end, before the others start.
core.v1.PodSpec.ephemeralContainers Containers that are added to a running Pod to look into it.
core.v1.PodSpec.volumes What containers can mount.
core.v1.PodSpec.restartPolicy Whether containers are started again when they end: Always, OnFailure or Never.
core.v1.PodSpec.terminationGracePeriodSeconds How many seconds containers have to end before they are killed.
core.v1.PodSpec.activeDeadlineSeconds After how many seconds the Pod is ended, whatever it does.
core.v1.PodSpec.nodeName The node that the Pod runs on. Set by the scheduler, or by whoever wants to pass it by.
core.v1.PodSpec.nodeSelector Labels that the node must have.
core.v1.PodSpec.affinity On which nodes, and beside which Pods, it should run or should not.
core.v1.PodSpec.tolerations Taints of nodes that it bears.
core.v1.PodSpec.topologySpreadConstraints How Pods like it are spread over zones, nodes and the like.
core.v1.PodSpec.serviceAccountName As whom its containers speak to the API.
core.v1.PodSpec.automountServiceAccountToken Whether its containers are given a token for that.
core.v1.PodSpec.imagePullSecrets Secrets with which its images are pulled.
core.v1.PodSpec.securityContext As which user and with which rights all of its containers run.
core.v1.PodSpec.hostNetwork Whether it uses the node's network instead of one of its own.
core.v1.PodSpec.hostPID Whether it sees the processes of the node.
core.v1.PodSpec.dnsPolicy Where names are resolved: ClusterFirst, ClusterFirstWithHostNet, Default or None.
core.v1.PodSpec.hostname Its host name, if not the Pod's name.
core.v1.PodSpec.priorityClassName How important it is when there is not room for all.
core.v1.PodSpec.schedulerName Which scheduler places it.
core.v1.PodSpec.runtimeClassName By which kind of runtime its containers run.
core.v1.PodSpec.readinessGates Further conditions that must hold before it counts as ready.
core.v1.PodStatus What the node agent last saw of a Pod.
core.v1.PodStatus.phase How far it is: Pending, Running, Succeeded, Failed or Unknown.
core.v1.PodStatus.conditions Whether it is scheduled, initialized, and ready, and since when.
core.v1.PodStatus.podIP Its address in the cluster.
core.v1.PodStatus.podIPs All of its addresses, at most one of each family.
core.v1.PodStatus.hostIP The address of its node.
core.v1.PodStatus.containerStatuses What each of its containers does, and how often it was started again.
core.v1.PodStatus.qosClass Guaranteed, Burstable or BestEffort: who goes last when memory runs out.
core.v1.PodStatus.reason Why it is in this state, in one word.
core.v1.PodStatus.message Why it is in this state, in a sentence.
core.v1.Container A program that runs from an image, with its environment, resources and mounts.
core.v1.Container.name The container's name, unique within the Pod. It cannot be changed.
core.v1.Container.image The image that it runs.
core.v1.Container.imagePullPolicy When the image is pulled: Always, IfNotPresent or Never.
core.v1.Container.command What is run instead of the image's entry point.
core.v1.Container.args The arguments, instead of the image's.
core.v1.Container.workingDir The directory that it starts in.
core.v1.Container.env Variables of its environment.
core.v1.Container.envFrom ConfigMaps and Secrets whose keys become variables of its environment.
core.v1.Container.ports The ports that it listens on.
core.v1.Container.resources How much processor and memory it asks for, and how much it may take at most.
core.v1.Container.volumeMounts Where the Pod's volumes appear in its file system.
core.v1.Container.livenessProbe It is started again when this fails.
core.v1.Container.readinessProbe It gets no traffic as long as this fails.
core.v1.Container.startupProbe The other probes wait until this succeeds.
core.v1.Container.lifecycle What is done right after its start and before its end.
core.v1.Container.securityContext As which user and with which rights it runs.
core.v1.Container.restartPolicy For init containers: Always makes one a sidecar, which goes on beside the others.
core.v1.Container.terminationMessagePath The file whose text tells why it ended.
core.v1.EnvVar A variable of a container's environment.
core.v1.EnvVar.name Its name.
core.v1.EnvVar.value Its value. $(NAME) stands for the variables before it.
core.v1.EnvVar.valueFrom Where its value comes from: a ConfigMap, a Secret, or the Pod itself.
core.v1.ContainerPort A port of a container.
core.v1.ContainerPort.containerPort Its number.
core.v1.ContainerPort.protocol TCP, UDP or SCTP.
core.v1.ContainerPort.hostPort The port of the node that leads to it, if any.
core.v1.ResourceRequirements How much of each resource is asked for and allowed.
core.v1.ResourceRequirements.requests What is set aside for it on the node.
core.v1.ResourceRequirements.limits What it may take at most.
core.v1.Probe A question that is asked of a container again and again.
core.v1.Probe.httpGet An HTTP request that must be answered with 200 to 399.
core.v1.Probe.exec A command that must end with 0.
core.v1.Probe.tcpSocket A port that must take a connection.
core.v1.Probe.grpc A gRPC service that must say that it is healthy.
core.v1.Probe.initialDelaySeconds How many seconds after the start it is first asked.
core.v1.Probe.periodSeconds Every how many seconds it is asked.
core.v1.Probe.timeoutSeconds How many seconds it may take.
core.v1.Probe.failureThreshold After how many failures in a row it counts as failed.
core.v1.Probe.successThreshold After how many successes in a row it counts as well again.
core.v1.Volume Something that containers of a Pod can mount.
core.v1.Volume.name Its name, by which containers mount it.
core.v1.Volume.configMap The keys of a ConfigMap, as files.
core.v1.Volume.secret The keys of a Secret, as files.
core.v1.Volume.emptyDir An empty directory that lasts as long as the Pod.
core.v1.Volume.hostPath A directory or file of the node.
core.v1.Volume.persistentVolumeClaim Storage that a claim has been given.
core.v1.Volume.projected Several sources together in one directory.
core.v1.Toleration A taint that a Pod bears.
core.v1.PodTemplateSpec How the Pods look that are made from it.
core.v1.PodTemplateSpec.spec What each of these Pods is to run.
core.v1.Service A name and an address for a set of Pods.
core.v1.Service.spec What it leads to, and how it is reached.
core.v1.ServiceSpec What a Service leads to, and how it is reached.
core.v1.ServiceSpec.selector Labels of the Pods that traffic goes to.
core.v1.ServiceSpec.ports The ports that it offers.
core.v1.ServiceSpec.type How it is reached: ClusterIP, NodePort, LoadBalancer or ExternalName.
core.v1.ServiceSpec.clusterIP Its address in the cluster; None for a Service without one, whose name stands for the Pods themselves.
core.v1.ServiceSpec.externalName The name that it stands for, with type ExternalName.
core.v1.ServiceSpec.externalTrafficPolicy Whether traffic from outside may go to Pods of other nodes: Cluster or Local.
core.v1.ServiceSpec.sessionAffinity Whether a client always gets to the same Pod: ClientIP or None.
core.v1.ServiceSpec.publishNotReadyAddresses Whether Pods are told of that are not ready yet.
core.v1.ServicePort A port of a Service.
core.v1.ServicePort.port The port that the Service is reached at.
core.v1.ServicePort.targetPort The port of the Pods, by number or name.
core.v1.ServicePort.nodePort The port of every node that leads to it.
core.v1.ServicePort.protocol TCP, UDP or SCTP.
core.v1.ConfigMap Configuration as keys and values, for Pods to read.
core.v1.ConfigMap.data Texts by their keys.
core.v1.ConfigMap.binaryData Bytes by their keys, in base64.
core.v1.ConfigMap.immutable If true, its data can never be changed again.
core.v1.Secret Secret data as keys and values, for Pods to read.
core.v1.Secret.data Bytes by their keys, in base64.
core.v1.Secret.stringData Texts by their keys, for writing only: they come into data.
core.v1.Secret.type What it is for, such as Opaque or kubernetes.io/tls.
core.v1.Secret.immutable If true, its data can never be changed again.
core.v1.Namespace A part of the cluster with names of its own.
core.v1.Node A machine of the cluster.
core.v1.NodeSpec What is wanted of a node.
core.v1.NodeSpec.unschedulable Whether new Pods are kept away from it.
core.v1.NodeSpec.taints What keeps Pods away that do not bear it.
core.v1.NodeSpec.podCIDR The range of its Pods' addresses.
core.v1.NodeStatus What the node agent says of its machine.
core.v1.NodeStatus.capacity All that it has of each resource.
core.v1.NodeStatus.allocatable What of that is left for Pods.
core.v1.NodeStatus.conditions Whether it is ready, and what it lacks.
core.v1.ServiceAccount Who the programs in Pods are when they speak to the API.
core.v1.PersistentVolume A piece of storage of the cluster.
core.v1.PersistentVolumeClaim A request for storage, and what was given for it.
core.v1.PersistentVolumeClaimSpec Which storage is asked for.
core.v1.PersistentVolumeClaimSpec.accessModes How it is mounted: ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.
core.v1.PersistentVolumeClaimSpec.resources How much of it is asked for.
core.v1.PersistentVolumeClaimSpec.storageClassName Which class of storage it is taken from.
core.v1.PersistentVolumeClaimSpec.volumeName The volume that it was given.
core.v1.Event Something that happened to an object.
core.v1.Endpoints The addresses behind a Service. Replaced by EndpointSlice.
core.v1.LimitRange Bounds and defaults for the resources of single objects of a namespace.
core.v1.ResourceQuota How much a namespace may use of each resource in all.
core.v1.ReplicationController Keeps so many Pods running. Replaced by Deployment and ReplicaSet.
apps.v1.Deployment Keeps so many Pods of a template running, and replaces them step by step when it changes.
apps.v1.Deployment.spec How many Pods of which template are wanted.
apps.v1.Deployment.status How far that is.
apps.v1.DeploymentSpec How many Pods of which template are wanted, and how they are replaced.
apps.v1.DeploymentSpec.replicas How many Pods are wanted. 1 where it is not said.
apps.v1.DeploymentSpec.selector Which Pods are its own. It must match the template's labels, and cannot be changed.
apps.v1.DeploymentSpec.template How its Pods look.
apps.v1.DeploymentSpec.strategy How old Pods are replaced by new ones.
apps.v1.DeploymentSpec.minReadySeconds For how many seconds a new Pod must be ready before it counts.
apps.v1.DeploymentSpec.revisionHistoryLimit How many old ReplicaSets are kept to go back to.
apps.v1.DeploymentSpec.paused Whether changes of the template wait.
apps.v1.DeploymentSpec.progressDeadlineSeconds After how many seconds without progress it counts as stuck.
apps.v1.DeploymentStrategy How old Pods are replaced by new ones.
apps.v1.DeploymentStrategy.type RollingUpdate, step by step, or Recreate, all at once.
apps.v1.DeploymentStrategy.rollingUpdate How large the steps are.
apps.v1.RollingUpdateDeployment How large the steps of a replacement are.
apps.v1.RollingUpdateDeployment.maxSurge How many Pods may be there beyond what is wanted, as a number or in percent.
apps.v1.RollingUpdateDeployment.maxUnavailable How many Pods may be missing, as a number or in percent.
apps.v1.ReplicaSet Keeps so many Pods of a template running.
apps.v1.StatefulSet Keeps Pods running that have a lasting name and storage each.
apps.v1.StatefulSetSpec Which Pods with lasting names are wanted.
apps.v1.StatefulSetSpec.replicas How many Pods are wanted.
apps.v1.StatefulSetSpec.serviceName The Service that gives its Pods their names in DNS.
apps.v1.StatefulSetSpec.volumeClaimTemplates Claims of storage, of which each Pod has its own.
apps.v1.StatefulSetSpec.podManagementPolicy Whether Pods start one after another (OrderedReady) or at once (Parallel).
apps.v1.DaemonSet Keeps one Pod running on each node, or on those that are chosen.
apps.v1.ControllerRevision What a StatefulSet or DaemonSet looked like before.
batch.v1.Job Runs Pods until so many of them have succeeded.
batch.v1.JobSpec How often Pods are to succeed, and what is done when they fail.
batch.v1.JobSpec.template How its Pods look.
batch.v1.JobSpec.completions How many Pods have to succeed.
batch.v1.JobSpec.parallelism How many Pods run at once.
batch.v1.JobSpec.backoffLimit After how many failures the Job has failed.
batch.v1.JobSpec.activeDeadlineSeconds After how many seconds the Job is ended, whatever it does.
batch.v1.JobSpec.ttlSecondsAfterFinished How many seconds after its end it is deleted.
batch.v1.JobSpec.suspend Whether it waits.
batch.v1.CronJob Makes a Job again and again, at times that are written as for cron.
batch.v1.CronJobSpec When Jobs are made, and how they look.
batch.v1.CronJobSpec.schedule When: minute, hour, day of the month, month, day of the week.
batch.v1.CronJobSpec.timeZone In which time zone that is meant.
batch.v1.CronJobSpec.jobTemplate How the Jobs look.
batch.v1.CronJobSpec.concurrencyPolicy Whether a Job may begin while the one before runs: Allow, Forbid or Replace.
batch.v1.CronJobSpec.suspend Whether no more Jobs are made for now.
networking.v1.Ingress Leads HTTP from outside to Services, by host and path.
networking.v1.IngressSpec Which hosts and paths lead where.
networking.v1.IngressSpec.rules Hosts, and the paths of each.
networking.v1.IngressSpec.tls Secrets with the certificates of the hosts.
networking.v1.IngressSpec.ingressClassName Which ingress controller serves it.
networking.v1.IngressSpec.defaultBackend Where goes what no rule matches.
networking.v1.NetworkPolicy Which traffic Pods may send and get.
networking.v1.NetworkPolicySpec Which Pods are meant, and what is allowed to them.
networking.v1.NetworkPolicySpec.podSelector The Pods that it is about. Empty: all of the namespace.
networking.v1.NetworkPolicySpec.ingress What may come to them.
networking.v1.NetworkPolicySpec.egress What they may send.
networking.v1.NetworkPolicySpec.policyTypes Which of both it restricts.
autoscaling.v2.HorizontalPodAutoscaler Changes how many Pods there are by how busy they are.
policy.v1.PodDisruptionBudget How many Pods of a set may be away at once by intention.
policy.v1.PodDisruptionBudgetSpec.minAvailable How many must stay, as a number or in percent.
policy.v1.PodDisruptionBudgetSpec.maxUnavailable How many may be away, as a number or in percent.
policy.v1.PodDisruptionBudgetSpec.selector Which Pods are meant.
rbac.v1.Role What may be done with objects of a namespace.
rbac.v1.Role.rules The rights that it gives.
rbac.v1.ClusterRole What may be done with objects of all namespaces and of the cluster.
rbac.v1.ClusterRole.rules The rights that it gives.
rbac.v1.RoleBinding Gives the rights of a role, in a namespace, to users, groups and service accounts.
rbac.v1.RoleBinding.subjects Who gets them.
rbac.v1.RoleBinding.roleRef The role. It cannot be changed.
rbac.v1.ClusterRoleBinding Gives the rights of a cluster role, everywhere, to users, groups and service accounts.
rbac.v1.PolicyRule A right: verbs on resources, or on paths.
rbac.v1.PolicyRule.verbs What may be done; * for everything.
rbac.v1.PolicyRule.resources With which resources, such as pods or pods/log; * for all.
rbac.v1.PolicyRule.apiGroups Of which API groups; an empty text for the core.
rbac.v1.PolicyRule.resourceNames With which objects only; all where it is empty.
storage.v1.StorageClass A kind of storage, and who makes volumes of it.
coordination.v1.Lease Who holds something for a time, such as the lead among several.
discovery.v1.EndpointSlice Some of the addresses behind a Service.
scheduling.v1.PriorityClass How important Pods are that name it.
apiextensions.v1.CustomResourceDefinition A kind of object that was added to the API.
`

let known: ReadonlyMap<string, string> | undefined

/** Of a definition such as `core.v1.Pod`, or of a field of one; nothing where nobody has written any. */
export const find = (definition: string, field?: string): string | undefined => {
  known ??= new Map(
    lines
      .trim()
      .split("\n")
      .map((line) => {
        const space = line.indexOf(" ")
        return [line.slice(0, space), line.slice(space + 1)]
      })
  )
  if (field === undefined) return known.get(definition)
  return known.get(`${definition}.${field}`) ?? known.get(`*.${field}`)
}
