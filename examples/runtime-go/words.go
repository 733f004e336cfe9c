package main

// The words of the contracts: what the kubelet says, and what it is told.

type tagged struct {
	Tag       string `cbor:"_tag" json:"_tag"`
	Namespace string `cbor:"namespace,omitempty" json:"namespace,omitempty"`
	ID        string `cbor:"id,omitempty" json:"id,omitempty"`
	Path      string `cbor:"path,omitempty" json:"path,omitempty"`
}

type dns struct {
	Servers  []string `cbor:"servers" json:"servers"`
	Searches []string `cbor:"searches" json:"searches"`
	Options  []string `cbor:"options" json:"options"`
}

type security struct {
	User               any      `cbor:"user" json:"user"`
	Group              *uint32  `cbor:"group" json:"group"`
	SupplementalGroups []uint32 `cbor:"supplementalGroups" json:"supplementalGroups"`
	Privileged         bool     `cbor:"privileged" json:"privileged"`
	ReadOnlyRoot       bool     `cbor:"readOnlyRoot" json:"readOnlyRoot"`
	NoNewPrivileges    bool     `cbor:"noNewPrivileges" json:"noNewPrivileges"`
	AddCapabilities    []string `cbor:"addCapabilities" json:"addCapabilities"`
	DropCapabilities   []string `cbor:"dropCapabilities" json:"dropCapabilities"`
	Seccomp            *tagged  `cbor:"seccomp" json:"seccomp"`
	MaskedPaths        []string `cbor:"maskedPaths" json:"maskedPaths"`
	ReadOnlyPaths      []string `cbor:"readOnlyPaths" json:"readOnlyPaths"`
}

type podConfig struct {
	UID          string            `cbor:"uid" json:"uid"`
	Namespace    string            `cbor:"namespace" json:"namespace"`
	Name         string            `cbor:"name" json:"name"`
	Attempt      int               `cbor:"attempt" json:"attempt"`
	Hostname     string            `cbor:"hostname" json:"hostname"`
	Network      tagged            `cbor:"network" json:"network"`
	DNS          *dns              `cbor:"dns" json:"dns,omitempty"`
	CgroupParent string            `cbor:"cgroupParent" json:"cgroupParent"`
	Sysctls      map[string]string `cbor:"sysctls" json:"sysctls"`
	HostIpc      bool              `cbor:"hostIpc" json:"hostIpc"`
	HostUts      bool              `cbor:"hostUts" json:"hostUts"`
	Processes    string            `cbor:"processes" json:"processes"`
	LogDirectory string            `cbor:"logDirectory" json:"logDirectory"`
	Security     security          `cbor:"security" json:"security"`
	Handler      string            `cbor:"handler" json:"handler"`
}

type mount struct {
	HostPath      string `cbor:"hostPath" json:"hostPath"`
	ContainerPath string `cbor:"containerPath" json:"containerPath"`
	ReadOnly      bool   `cbor:"readOnly" json:"readOnly"`
	Propagation   string `cbor:"propagation" json:"propagation"`
}

type device struct {
	HostPath      string `cbor:"hostPath" json:"hostPath"`
	ContainerPath string `cbor:"containerPath" json:"containerPath"`
	Permissions   string `cbor:"permissions" json:"permissions"`
}

type resources struct {
	CPUShares      *uint64 `cbor:"cpuShares" json:"cpuShares"`
	CPUQuota       *int64  `cbor:"cpuQuota" json:"cpuQuota"`
	CPUPeriod      *uint64 `cbor:"cpuPeriod" json:"cpuPeriod"`
	MemoryBytes    *int64  `cbor:"memoryBytes" json:"memoryBytes"`
	OomScoreAdjust *int    `cbor:"oomScoreAdjust" json:"oomScoreAdjust"`
}

type variable struct {
	Name  string `cbor:"name" json:"name"`
	Value string `cbor:"value" json:"value"`
}

type containerConfig struct {
	Pod              string            `cbor:"pod" json:"pod"`
	Name             string            `cbor:"name" json:"name"`
	Attempt          int               `cbor:"attempt" json:"attempt"`
	Image            string            `cbor:"image" json:"image"`
	Command          []string          `cbor:"command" json:"command"`
	Args             []string          `cbor:"args" json:"args"`
	Env              []variable        `cbor:"env" json:"env"`
	WorkingDirectory string            `cbor:"workingDirectory" json:"workingDirectory"`
	Mounts           []mount           `cbor:"mounts" json:"mounts"`
	Devices          []device          `cbor:"devices" json:"devices"`
	CDIDevices       []string          `cbor:"cdiDevices" json:"cdiDevices"`
	Stdin            bool              `cbor:"stdin" json:"stdin"`
	StdinOnce        bool              `cbor:"stdinOnce" json:"stdinOnce"`
	TTY              bool              `cbor:"tty" json:"tty"`
	Resources        resources         `cbor:"resources" json:"resources"`
	Security         security          `cbor:"security" json:"security"`
	Processes        *tagged           `cbor:"processes" json:"processes"`
	LogPath          string            `cbor:"logPath" json:"logPath"`
	Annotations      map[string]string `cbor:"annotations" json:"annotations"`
}

type containerStatus struct {
	ID          string            `cbor:"id"`
	Name        string            `cbor:"name"`
	Attempt     int               `cbor:"attempt"`
	State       string            `cbor:"state"`
	Image       string            `cbor:"image"`
	ImageID     string            `cbor:"imageId"`
	CreatedAt   string            `cbor:"createdAt"`
	StartedAt   string            `cbor:"startedAt,omitempty"`
	FinishedAt  string            `cbor:"finishedAt,omitempty"`
	ExitCode    *int              `cbor:"exitCode,omitempty"`
	Reason      string            `cbor:"reason,omitempty"`
	Message     string            `cbor:"message,omitempty"`
	LogPath     string            `cbor:"logPath,omitempty"`
	Annotations map[string]string `cbor:"annotations"`
}

type podStatus struct {
	ID         string            `cbor:"id"`
	UID        string            `cbor:"uid"`
	Namespace  string            `cbor:"namespace"`
	Name       string            `cbor:"name"`
	Attempt    int               `cbor:"attempt"`
	Ready      bool              `cbor:"ready"`
	CreatedAt  string            `cbor:"createdAt"`
	Addresses  []string          `cbor:"addresses"`
	Containers []containerStatus `cbor:"containers"`
}
