package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"keelson.io/examples/runtime-go/wire"
)

// A container is what is kept of it in its folder, which is also its OCI bundle.
type container struct {
	ID        string          `json:"id"`
	Config    containerConfig `json:"config"`
	CreatedAt string          `json:"createdAt"`
	ImageID   string          `json:"imageId"`
	LogFile   string          `json:"logFile"`
	Signal    string          `json:"signal"`
	// Closed when its shim is gone.
	ended chan struct{}
}

// What a shim leaves behind, the last thing it does.
type exit struct {
	Code       int    `json:"code"`
	FinishedAt string `json:"finishedAt"`
	Reason     string `json:"reason"`
	Message    string `json:"message"`
}

func (r *runtime) contract() wire.Contract {
	return wire.Contract{Name: "kubelet/ContainerRuntime", Version: "2.2.0", Methods: map[string]wire.Method{
		"describe":        wire.Call(r.describe),
		"health":          wire.Call(r.health),
		"startPod":        wire.Call(r.startPod),
		"stopPod":         wire.Call(r.stopPod),
		"removePod":       wire.Call(r.removePod),
		"startContainer":  wire.Call(r.startContainer),
		"updateContainer": wire.Call(r.updateContainer),
		"stopContainer":   wire.Call(r.stopContainer),
		"removeContainer": wire.Call(r.removeContainer),
		"list":            wire.Call(r.list),
	}}
}

func (r *runtime) describe(context.Context, any) (any, error) {
	handlers := []any{map[string]any{"name": ""}}
	return map[string]any{"name": "runtime-go", "version": "0.1.0", "network": "given", "handlers": handlers}, nil
}

func (r *runtime) health(context.Context, any) (any, error) {
	_, err := exec.LookPath("runc")
	message := ""
	if err != nil {
		message = err.Error()
	}
	return map[string]any{"runtime": err == nil, "network": true, "message": message}, nil
}

func runc(args ...string) error {
	output, err := exec.Command("runc", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("runc %s: %s", args[0], strings.TrimSpace(string(output)))
	}
	return nil
}

func missing(id string) error {
	return &wire.Failure{Tag: "ContainerMissing", Fields: map[string]any{"id": id}}
}

func containerRefused(step string, err error) error {
	return &wire.Failure{Tag: "ContainerRefused", Fields: map[string]any{"step": step, "message": err.Error()}}
}

func (r *runtime) startContainer(_ context.Context, config containerConfig) (any, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	p, ok := r.pods[config.Pod]
	if !ok {
		return nil, &wire.Failure{Tag: "PodMissing", Fields: map[string]any{"pod": config.Pod}}
	}
	id := idOf(config.Pod, config.Name, config.Attempt)
	if _, ok := r.containers[id]; ok {
		return id, nil
	}
	image := r.images.lookup(config.Image)
	if image == nil {
		return nil, &wire.Failure{Tag: "ImageMissing", Fields: map[string]any{"image": config.Image}}
	}
	made := &container{
		ID: id, Config: config, CreatedAt: now(), ImageID: image.ID, Signal: image.stopSignal(), ended: make(chan struct{}),
	}
	if p.Config.LogDirectory != "" && config.LogPath != "" {
		made.LogFile = filepath.Join(p.Config.LogDirectory, config.LogPath)
	}
	if err := r.prepare(p, made, image); err != nil {
		_ = r.clear(made)
		return nil, containerRefused("create", err)
	}
	r.containers[id] = made
	err := r.launch(made)
	go r.await(made)
	r.changes.tell(p)
	if err != nil {
		return nil, containerRefused("start", err)
	}
	return id, nil
}

// Its folder, its root and its bundle, all but the process.
func (r *runtime) prepare(p *pod, c *container, image *image) error {
	folder := r.containerFolder(c.ID)
	for _, name := range []string{"rootfs", "upper", "work"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
			return err
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", r.images.rootfs(image.ID), filepath.Join(folder, "upper"), filepath.Join(folder, "work"))
	if err := syscall.Mount("overlay", filepath.Join(folder, "rootfs"), "overlay", 0, layers); err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	spec, err := r.specOf(p, c, image)
	if err != nil {
		return err
	}
	if err := save(filepath.Join(folder, "config.json"), spec); err != nil {
		return err
	}
	if c.LogFile != "" {
		if err := os.MkdirAll(filepath.Dir(c.LogFile), 0o755); err != nil {
			return err
		}
	}
	return save(filepath.Join(folder, "state.json"), c)
}

// The shim holds a lock on a file of the folder for as long as it lives: that is how everybody sees its end, also after a restart.
func (r *runtime) launch(c *container) error {
	folder := r.containerFolder(c.ID)
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	command := exec.Command("/proc/self/exe", "shim", folder)
	command.ExtraFiles = []*os.File{lock}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	go func() { _ = command.Wait(); close(gone) }()
	for {
		select {
		case <-gone:
			if end := r.exitOf(c); end != nil && end.Reason == "StartError" {
				return fmt.Errorf("%s", end.Message)
			}
			return nil
		case <-time.After(5 * time.Millisecond):
			if r.pidOf(c) != 0 {
				return nil
			}
		}
	}
}

// Waits until its shim has ended, and tells.
func (r *runtime) await(c *container) {
	if lock, err := os.Open(filepath.Join(r.containerFolder(c.ID), "lock")); err == nil {
		_ = syscall.Flock(int(lock.Fd()), syscall.LOCK_SH)
		lock.Close()
	}
	if r.exitOf(c) == nil {
		// The shim was killed, and took the container's output with it: it does not go on without.
		_ = runc("delete", "--force", c.ID)
		_ = save(filepath.Join(r.containerFolder(c.ID), "exit.json"), exit{Code: 137, FinishedAt: now(), Reason: "ContainerStatusUnknown"})
	}
	close(c.ended)
	r.mutex.Lock()
	p := r.pods[c.Config.Pod]
	r.mutex.Unlock()
	if p != nil {
		r.changes.tell(p)
	}
}

func (r *runtime) exitOf(c *container) *exit {
	bytes, err := os.ReadFile(filepath.Join(r.containerFolder(c.ID), "exit.json"))
	if err != nil {
		return nil
	}
	var end exit
	if json.Unmarshal(bytes, &end) != nil {
		return nil
	}
	return &end
}

func (r *runtime) pidOf(c *container) int {
	bytes, _ := os.ReadFile(filepath.Join(r.containerFolder(c.ID), "pid"))
	pid, _ := strconv.Atoi(string(bytes))
	return pid
}

func (c *container) status(r *runtime) containerStatus {
	status := containerStatus{
		ID: c.ID, Name: c.Config.Name, Attempt: c.Config.Attempt, State: "Running", Image: c.Config.Image, ImageID: c.ImageID,
		CreatedAt: c.CreatedAt, StartedAt: c.CreatedAt, LogPath: c.LogFile, Annotations: c.Config.Annotations,
	}
	if status.Annotations == nil {
		status.Annotations = map[string]string{}
	}
	if end := r.exitOf(c); end != nil {
		status.State, status.ExitCode, status.FinishedAt = "Exited", &end.Code, end.FinishedAt
		status.Reason, status.Message = end.Reason, end.Message
	}
	return status
}

func (r *runtime) find(id string) *container {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.containers[id]
}

type containerOnly struct {
	ID           string `cbor:"id"`
	GraceSeconds int    `cbor:"graceSeconds"`
}

func (r *runtime) stopContainer(ctx context.Context, asked containerOnly) (any, error) {
	if c := r.find(asked.ID); c != nil {
		r.end(ctx, c, asked.GraceSeconds)
	}
	return nil, ctx.Err()
}

// The stop signal, and KILL after the grace.
func (r *runtime) end(ctx context.Context, c *container, graceSeconds int) {
	select {
	case <-c.ended:
		return
	default:
	}
	if graceSeconds > 0 {
		_ = runc("kill", c.ID, c.Signal)
		select {
		case <-c.ended:
			return
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(graceSeconds) * time.Second):
		}
	}
	_ = runc("kill", c.ID, "KILL")
	select {
	case <-c.ended:
	case <-ctx.Done():
	}
}

func (r *runtime) removeContainer(_ context.Context, asked containerOnly) (any, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	c, ok := r.containers[asked.ID]
	if !ok {
		return nil, nil
	}
	if err := r.discard(c); err != nil {
		return nil, err
	}
	if p := r.pods[c.Config.Pod]; p != nil {
		r.changes.tell(p)
	}
	return nil, nil
}

func (r *runtime) discard(c *container) error {
	select {
	case <-c.ended:
	default:
		return fmt.Errorf("container %s still runs", c.ID)
	}
	delete(r.containers, c.ID)
	return r.clear(c)
}

func (r *runtime) clear(c *container) error {
	folder := r.containerFolder(c.ID)
	if err := syscall.Unmount(filepath.Join(folder, "rootfs"), syscall.MNT_DETACH); err != nil && err != syscall.EINVAL && err != syscall.ENOENT {
		return err
	}
	return os.RemoveAll(folder)
}

func (r *runtime) updateContainer(_ context.Context, asked struct {
	ID        string    `cbor:"id"`
	Resources resources `cbor:"resources"`
}) (any, error) {
	c := r.find(asked.ID)
	if c == nil {
		return nil, missing(asked.ID)
	}
	args := []string{"update"}
	add := func(flag string, value any) { args = append(args, fmt.Sprintf("--%s=%v", flag, value)) }
	if v := asked.Resources.CPUShares; v != nil {
		add("cpu-share", *v)
	}
	if v := asked.Resources.CPUQuota; v != nil {
		add("cpu-quota", *v)
	}
	if v := asked.Resources.CPUPeriod; v != nil {
		add("cpu-period", *v)
	}
	if v := asked.Resources.MemoryBytes; v != nil {
		// Both at once: neither may be beyond the other in between.
		add("memory", *v)
		add("memory-swap", *v)
	}
	if err := runc(append(args, c.ID)...); err != nil {
		return nil, &wire.Failure{Tag: "UpdateRefused", Fields: map[string]any{"message": err.Error()}}
	}
	return nil, nil
}
