package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/sys/user"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// What a container may do without asking for more.
var usual = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
}
var masked = []string{
	"/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
	"/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
}
var readOnly = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}

// The OCI bundle of a container. Without a seccomp profile of its own, `RuntimeDefault` is none.
func (r *runtime) specOf(p *pod, c *container, image *image) (*specs.Spec, error) {
	s := c.Config.Security
	if s.Seccomp != nil && s.Seccomp.Tag == "Localhost" {
		return nil, fmt.Errorf("seccomp: this runtime takes no profiles")
	}
	process, err := processOf(c.Config, image, filepath.Join(r.containerFolder(c.ID), "rootfs"))
	if err != nil {
		return nil, err
	}
	namespaces, err := r.namespacesOf(p, c)
	if err != nil {
		return nil, err
	}
	mounts, devices, err := r.mountsOf(p, c)
	if err != nil {
		return nil, err
	}
	linux := &specs.Linux{
		Namespaces: namespaces, Resources: limitsOf(c.Config.Resources), CgroupsPath: filepath.Join("/", orElse(p.Config.CgroupParent, "runtime-go"), c.ID),
		Sysctl: p.Config.Sysctls, MaskedPaths: masked, ReadonlyPaths: readOnly, RootfsPropagation: "rslave", Devices: devices,
	}
	for _, d := range devices {
		linux.Resources.Devices = append(linux.Resources.Devices, specs.LinuxDeviceCgroup{
			Allow: true, Type: d.Type, Major: &d.Major, Minor: &d.Minor, Access: "rwm",
		})
	}
	if s.MaskedPaths != nil {
		linux.MaskedPaths = s.MaskedPaths
	}
	if s.ReadOnlyPaths != nil {
		linux.ReadonlyPaths = s.ReadOnlyPaths
	}
	if s.Privileged {
		linux.MaskedPaths, linux.ReadonlyPaths = nil, nil
		linux.Resources.Devices = []specs.LinuxDeviceCgroup{{Allow: true, Access: "rwm"}}
	}
	return &specs.Spec{
		Version: "1.0.2", Process: process, Linux: linux, Mounts: mounts,
		Root: &specs.Root{Path: "rootfs", Readonly: s.ReadOnlyRoot},
	}, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func processOf(config containerConfig, image *image, rootfs string) (*specs.Process, error) {
	command, args := config.Command, config.Args
	if len(command) == 0 {
		command = image.Config.Entrypoint
		if len(args) == 0 {
			args = image.Config.Cmd
		}
	}
	if len(command)+len(args) == 0 {
		return nil, fmt.Errorf("no command was given, and %s has none", config.Image)
	}
	who, err := userOf(config.Security, image, rootfs)
	if err != nil {
		return nil, err
	}
	environment := slices.Clone(image.Config.Env)
	if !slices.ContainsFunc(environment, func(one string) bool { return strings.HasPrefix(one, "PATH=") }) {
		environment = append(environment, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	for _, one := range config.Env {
		environment = append(environment, one.Name+"="+one.Value)
	}
	if config.TTY {
		environment = append(environment, "TERM=xterm")
	}
	return &specs.Process{
		Args: slices.Concat(command, args), Env: environment, Cwd: orElse(config.WorkingDirectory, orElse(image.Config.WorkingDir, "/")),
		User: who, Terminal: config.TTY, NoNewPrivileges: config.Security.NoNewPrivileges,
		Capabilities: powersOf(config.Security, who.UID), OOMScoreAdj: scoreOf(config.Resources.OomScoreAdjust),
	}, nil
}

// A process without CAP_SYS_RESOURCE can make itself no less likely to be killed than it is.
func scoreOf(wanted *int) *int {
	if mayLower, _ := unix.PrctlRetInt(unix.PR_CAPBSET_READ, unix.CAP_SYS_RESOURCE, 0, 0, 0); wanted == nil || mayLower == 1 {
		return wanted
	}
	text, _ := os.ReadFile("/proc/self/oom_score_adj")
	own, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return wanted
	}
	score := max(*wanted, own)
	return &score
}

func userOf(s security, image *image, rootfs string) (specs.User, error) {
	wanted := image.Config.User
	if s.User != nil {
		wanted = fmt.Sprint(s.User)
	}
	etc := func(name string) string { return filepath.Join(rootfs, "etc", name) }
	found, err := user.GetExecUserPath(wanted, nil, etc("passwd"), etc("group"))
	if err != nil {
		return specs.User{}, err
	}
	who := specs.User{UID: uint32(found.Uid), GID: uint32(found.Gid), AdditionalGids: s.SupplementalGroups}
	if s.Group != nil {
		who.GID = *s.Group
	}
	for _, group := range found.Sgids {
		who.AdditionalGids = append(who.AdditionalGids, uint32(group))
	}
	return who, nil
}

func powersOf(s security, uid uint32) *specs.LinuxCapabilities {
	powers := slices.Clone(usual)
	full := func(name string) string { return "CAP_" + strings.TrimPrefix(strings.ToUpper(name), "CAP_") }
	if s.Privileged || slices.Contains(s.AddCapabilities, "ALL") {
		powers = everyPower()
	}
	if slices.Contains(s.DropCapabilities, "ALL") {
		powers = nil
	}
	for _, name := range s.AddCapabilities {
		if name != "ALL" && !slices.Contains(powers, full(name)) {
			powers = append(powers, full(name))
		}
	}
	powers = slices.DeleteFunc(powers, func(name string) bool {
		return slices.ContainsFunc(s.DropCapabilities, func(dropped string) bool { return full(dropped) == name })
	})
	held := &specs.LinuxCapabilities{Bounding: powers}
	if uid == 0 {
		held.Effective, held.Permitted = powers, powers
	}
	return held
}

// In the order of their numbers.
func everyPower() []string {
	return append(slices.Clone(usual), "CAP_DAC_READ_SEARCH", "CAP_LINUX_IMMUTABLE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_IPC_LOCK",
		"CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
		"CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_LEASE", "CAP_AUDIT_CONTROL", "CAP_MAC_OVERRIDE",
		"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE")
}

// Those of the Pod are its pause process's.
func (r *runtime) namespacesOf(p *pod, c *container) ([]specs.LinuxNamespace, error) {
	of := func(pid int, kind string) string { return fmt.Sprintf("/proc/%d/ns/%s", pid, kind) }
	all := []specs.LinuxNamespace{
		{Type: specs.MountNamespace},
		{Type: specs.IPCNamespace, Path: of(p.Pause.ID, "ipc")},
		{Type: specs.UTSNamespace, Path: of(p.Pause.ID, "uts")},
	}
	if p.Config.Network.Tag == "given" {
		all = append(all, specs.LinuxNamespace{Type: specs.NetworkNamespace, Path: p.Config.Network.Namespace})
	}
	processes := tagged{Tag: orElse(p.Config.Processes, "own")}
	if c.Config.Processes != nil {
		processes = *c.Config.Processes
	}
	switch processes.Tag {
	case "own":
		all = append(all, specs.LinuxNamespace{Type: specs.PIDNamespace})
	case "pod":
		all = append(all, specs.LinuxNamespace{Type: specs.PIDNamespace, Path: of(p.Pause.ID, "pid")})
	case "target":
		target, ok := r.containers[processes.ID]
		if !ok {
			return nil, fmt.Errorf("there is no container %s whose processes it could see", processes.ID)
		}
		all = append(all, specs.LinuxNamespace{Type: specs.PIDNamespace, Path: of(r.pidOf(target), "pid")})
	}
	return all, nil
}

func (r *runtime) mountsOf(p *pod, c *container) ([]specs.Mount, []specs.LinuxDevice, error) {
	system := "ro"
	if c.Config.Security.Privileged {
		system = "rw"
	}
	mounts := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
		{Destination: "/sys", Type: "bind", Source: "/sys", Options: []string{"rbind", "rslave", "nosuid", "noexec", "nodev", system}},
	}
	if p.Config.DNS != nil {
		mounts = append(mounts, bind(filepath.Join(r.podFolder(p.ID), "resolv.conf"), "/etc/resolv.conf", false, "none"))
	}
	for _, one := range c.Config.Mounts {
		mounts = append(mounts, bind(one.HostPath, one.ContainerPath, one.ReadOnly, one.Propagation))
	}
	if len(c.Config.CDIDevices) > 0 {
		return nil, nil, fmt.Errorf("this runtime does not know what the CDI device %s is", c.Config.CDIDevices[0])
	}
	devices := []specs.LinuxDevice{}
	for _, one := range c.Config.Devices {
		found, err := deviceOf(one)
		if err != nil {
			return nil, nil, err
		}
		devices = append(devices, found)
	}
	return mounts, devices, nil
}

func bind(from, to string, isReadOnly bool, propagation string) specs.Mount {
	options := []string{"rbind", map[string]string{"fromHost": "rslave", "both": "rshared"}[propagation]}
	if options[1] == "" {
		options[1] = "rprivate"
	}
	if isReadOnly {
		options = append(options, "ro")
	}
	return specs.Mount{Destination: to, Type: "bind", Source: from, Options: options}
}

func deviceOf(d device) (specs.LinuxDevice, error) {
	var found unix.Stat_t
	if err := unix.Stat(d.HostPath, &found); err != nil {
		return specs.LinuxDevice{}, fmt.Errorf("%s: %w", d.HostPath, err)
	}
	kind := "c"
	if found.Mode&unix.S_IFMT == unix.S_IFBLK {
		kind = "b"
	}
	mode := os.FileMode(found.Mode & 0o777)
	return specs.LinuxDevice{
		Path: orElse(d.ContainerPath, d.HostPath), Type: kind, Major: int64(unix.Major(found.Rdev)), Minor: int64(unix.Minor(found.Rdev)),
		FileMode: &mode, UID: &found.Uid, GID: &found.Gid,
	}, nil
}

func limitsOf(r resources) *specs.LinuxResources {
	limits := &specs.LinuxResources{Devices: []specs.LinuxDeviceCgroup{{Allow: false, Access: "rwm"}}}
	if r.CPUShares != nil || r.CPUQuota != nil || r.CPUPeriod != nil {
		limits.CPU = &specs.LinuxCPU{Shares: r.CPUShares, Quota: r.CPUQuota, Period: r.CPUPeriod}
	}
	if r.MemoryBytes != nil {
		limits.Memory = &specs.LinuxMemory{Limit: r.MemoryBytes, Swap: r.MemoryBytes}
	}
	return limits
}
