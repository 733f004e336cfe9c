package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	"keelson.io/examples/runtime-go/wire"
)

// A pod is what is kept of it in its folder. Its namespaces live as long as its pause process.
type pod struct {
	ID        string    `json:"id"`
	Config    podConfig `json:"config"`
	CreatedAt string    `json:"createdAt"`
	Pause     process   `json:"pause"`
}

// A process is named by its id and when it began: ids are used again.
type process struct {
	ID    int    `json:"pid"`
	Began string `json:"began"`
}

type runtime struct {
	root    string
	images  *images
	changes broker
	// Whoever makes or removes something holds it.
	mutex      sync.Mutex
	pods       map[string]*pod
	containers map[string]*container
}

func openRuntime(root string, images *images) (*runtime, error) {
	r := &runtime{root: root, images: images, pods: map[string]*pod{}, containers: map[string]*container{}}
	for _, folder := range []string{r.podFolder(""), r.containerFolder("")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	if err := loadAll(r.podFolder(""), func(p *pod) { r.pods[p.ID] = p }); err != nil {
		return nil, err
	}
	return r, loadAll(r.containerFolder(""), func(c *container) {
		c.ended = make(chan struct{})
		r.containers[c.ID] = c
		go r.await(c)
	})
}

func (r *runtime) podFolder(id string) string       { return filepath.Join(r.root, "pods", id) }
func (r *runtime) containerFolder(id string) string { return filepath.Join(r.root, "containers", id) }

// What was begun and not written down is not there.
func loadAll[T any](folder string, found func(*T)) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		bytes, err := os.ReadFile(filepath.Join(folder, entry.Name(), "state.json"))
		if os.IsNotExist(err) {
			continue
		}
		value := new(T)
		if err == nil {
			err = json.Unmarshal(bytes, value)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name(), err)
		}
		found(value)
	}
	return nil
}

// Written beside it first: a state is whole or not there.
func save(path string, value any) error {
	bytes, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", bytes, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func idOf(parts ...any) string {
	sum := sha256.Sum256([]byte(fmt.Sprintln(parts...)))
	return hex.EncodeToString(sum[:16])
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }

func (r *runtime) startPod(_ context.Context, config podConfig) (any, error) {
	if config.Network.Tag != "given" && config.Network.Tag != "host" {
		return nil, &wire.Failure{Tag: "NetworkUnsupported", Fields: map[string]any{"network": config.Network.Tag}}
	}
	refused := func(err error) error {
		return &wire.Failure{Tag: "PodRefused", Fields: map[string]any{"message": err.Error()}}
	}
	if config.Handler != "" {
		return nil, refused(fmt.Errorf("there is no handler %s", config.Handler))
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	id := idOf(config.UID, config.Attempt)
	if found, ok := r.pods[id]; ok {
		return r.statusOf(found), nil
	}
	paused, err := startPause(config)
	if err != nil {
		return nil, refused(err)
	}
	made := &pod{ID: id, Config: config, CreatedAt: now(), Pause: paused}
	if err := r.keep(made); err != nil {
		paused.kill()
		return nil, refused(err)
	}
	r.pods[id] = made
	r.changes.tell(made)
	return r.statusOf(made), nil
}

func (r *runtime) keep(p *pod) error {
	folder := r.podFolder(p.ID)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if d := p.Config.DNS; d != nil {
		if err := os.WriteFile(filepath.Join(folder, "resolv.conf"), []byte(resolvConf(*d)), 0o644); err != nil {
			return err
		}
	}
	return save(filepath.Join(folder, "state.json"), p)
}

func resolvConf(d dns) string {
	var text strings.Builder
	if len(d.Searches) > 0 {
		fmt.Fprintf(&text, "search %s\n", strings.Join(d.Searches, " "))
	}
	for _, server := range d.Servers {
		fmt.Fprintf(&text, "nameserver %s\n", server)
	}
	if len(d.Options) > 0 {
		fmt.Fprintf(&text, "options %s\n", strings.Join(d.Options, " "))
	}
	return text.String()
}

func startPause(config podConfig) (process, error) {
	var flags uintptr
	for flag, wanted := range map[uintptr]bool{
		syscall.CLONE_NEWIPC: !config.HostIpc,
		syscall.CLONE_NEWUTS: !config.HostUts && config.Network.Tag != "host",
		syscall.CLONE_NEWPID: config.Processes == "pod",
	} {
		if wanted {
			flags |= flag
		}
	}
	hostname := ""
	if flags&syscall.CLONE_NEWUTS != 0 {
		hostname = config.Hostname
	}
	command := exec.Command("/proc/self/exe", "pause", hostname)
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Setsid: true}
	said, err := command.StdoutPipe()
	if err != nil {
		return process{}, err
	}
	if err := command.Start(); err != nil {
		return process{}, err
	}
	go func() { _ = command.Wait() }()
	// It says so when its namespaces are as they shall be.
	if _, err := said.Read(make([]byte, 1)); err != nil {
		return process{}, fmt.Errorf("the pause process has ended")
	}
	return process{ID: command.Process.Pid, Began: began(command.Process.Pid)}, nil
}

// What holds a Pod's namespaces: it does nothing but take leave of orphans.
func pause(hostname string) {
	ended, children := make(chan os.Signal, 1), make(chan os.Signal, 8)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	signal.Notify(children, syscall.SIGCHLD)
	if hostname != "" {
		if err := syscall.Sethostname([]byte(hostname)); err != nil {
			os.Exit(1)
		}
	}
	fmt.Print(".")
	os.Stdout.Close()
	for {
		select {
		case <-ended:
			return
		case <-children:
			for pid := 1; pid > 0; {
				pid, _ = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			}
		}
	}
}

// When a process began, by the kernel's clock: the 22nd of what its stat says, counted behind its name.
func began(pid int) string {
	bytes, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(bytes[strings.LastIndexByte(string(bytes), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}

func (p process) lives() bool { return p.Began != "" && began(p.ID) == p.Began }

func (p process) kill() {
	if p.lives() {
		_ = syscall.Kill(p.ID, syscall.SIGKILL)
	}
}

func (r *runtime) ofPod(id string) (found []*container) {
	for _, c := range r.containers {
		if c.Config.Pod == id {
			found = append(found, c)
		}
	}
	sort.Slice(found, func(a, b int) bool { return found[a].CreatedAt < found[b].CreatedAt })
	return found
}

func (r *runtime) statusOf(p *pod) podStatus {
	status := podStatus{
		ID: p.ID, UID: p.Config.UID, Namespace: p.Config.Namespace, Name: p.Config.Name, Attempt: p.Config.Attempt,
		Ready: p.Pause.lives(), CreatedAt: p.CreatedAt, Addresses: []string{}, Containers: []containerStatus{},
	}
	for _, c := range r.ofPod(p.ID) {
		status.Containers = append(status.Containers, c.status(r))
	}
	return status
}

type podOnly struct {
	Pod          string `cbor:"pod"`
	GraceSeconds int    `cbor:"graceSeconds"`
}

func (r *runtime) stopPod(ctx context.Context, asked podOnly) (any, error) {
	r.mutex.Lock()
	found, ok := r.pods[asked.Pod]
	containers := r.ofPod(asked.Pod)
	r.mutex.Unlock()
	if !ok {
		return nil, nil
	}
	var all sync.WaitGroup
	for _, c := range containers {
		all.Go(func() { r.end(ctx, c, asked.GraceSeconds) })
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found.Pause.kill()
	r.changes.tell(found)
	return nil, nil
}

func (r *runtime) removePod(ctx context.Context, asked podOnly) (any, error) {
	if _, err := r.stopPod(ctx, podOnly{Pod: asked.Pod}); err != nil {
		return nil, err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	found, ok := r.pods[asked.Pod]
	if !ok {
		return nil, nil
	}
	for _, c := range r.ofPod(asked.Pod) {
		if err := r.discard(c); err != nil {
			return nil, err
		}
	}
	if err := os.RemoveAll(r.podFolder(found.ID)); err != nil {
		return nil, err
	}
	delete(r.pods, found.ID)
	r.changes.tell(found)
	return nil, nil
}

func (r *runtime) list(_ context.Context, asked struct {
	UID string `cbor:"uid"`
}) (any, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	statuses := []podStatus{}
	for _, p := range r.pods {
		if asked.UID == "" || asked.UID == p.Config.UID {
			statuses = append(statuses, r.statusOf(p))
		}
	}
	sort.Slice(statuses, func(a, b int) bool { return statuses[a].CreatedAt < statuses[b].CreatedAt })
	return statuses, nil
}
