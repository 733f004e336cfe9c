package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/creack/pty"
	"keelson.io/examples/runtime-go/wire"
)

// Commands in running containers, by `runc exec`, and the containers' own first processes, by their shims.
type executions struct {
	runtime   *runtime
	last      atomic.Int64
	mutex     sync.Mutex
	processes map[string]*running
}

// What is read of it in order, and where its input goes.
type running struct {
	output chan any
	stdin  io.WriteCloser
	resize func(rows, columns uint16)
	letGo  func()
	gone   chan struct{}
	once   sync.Once
}

func newExec(r *runtime) *executions {
	return &executions{runtime: r, processes: map[string]*running{}}
}

func (e *executions) contract() wire.Contract {
	return wire.Contract{
		Name: "kubelet/Exec", Version: "1.0.0",
		Methods: map[string]wire.Method{
			"run": wire.Call(e.run), "start": wire.Call(e.start), "attach": wire.Call(e.attach), "input": wire.Call(e.input),
		},
		Streams: map[string]wire.Stream{"output": wire.Open(e.output)},
	}
}

type command struct {
	ID             string   `cbor:"id"`
	Command        []string `cbor:"command"`
	TTY            bool     `cbor:"tty"`
	Stdin          bool     `cbor:"stdin"`
	TimeoutSeconds int      `cbor:"timeoutSeconds"`
}

// `runc exec`, and how what it has started is killed: its own end would leave the process in the container alone.
func (e *executions) prepare(asked command, flags ...string) (*exec.Cmd, func()) {
	file := filepath.Join(e.runtime.containerFolder(asked.ID), fmt.Sprintf("exec-%d", e.last.Add(1)))
	args := append([]string{"exec", "--pid-file", file}, flags...)
	this := exec.Command("runc", append(append(args, asked.ID), asked.Command...)...)
	return this, func() {
		text, _ := os.ReadFile(file)
		os.Remove(file)
		if pid, err := strconv.Atoi(string(text)); err == nil && this.ProcessState == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func (e *executions) run(ctx context.Context, asked command) (any, error) {
	if e.runtime.find(asked.ID) == nil {
		return nil, missing(asked.ID)
	}
	this, end := e.prepare(asked)
	defer end()
	var stdout, stderr bytes.Buffer
	this.Stdout, this.Stderr = &stdout, &stderr
	if err := this.Start(); err != nil {
		return nil, &wire.Failure{Tag: "CommandFailed", Fields: map[string]any{"message": err.Error()}}
	}
	ended := make(chan error, 1)
	go func() { ended <- this.Wait() }()
	select {
	case <-ended:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(asked.TimeoutSeconds) * time.Second):
		return nil, &wire.Failure{Tag: "CommandTimeout", Fields: map[string]any{"seconds": asked.TimeoutSeconds}}
	}
	if code := this.ProcessState.ExitCode(); code == 255 && bytes.Contains(stderr.Bytes(), []byte("exec failed")) {
		return nil, &wire.Failure{Tag: "CommandFailed", Fields: map[string]any{"message": stderr.String()}}
	}
	return map[string]any{"stdout": stdout.Bytes(), "stderr": stderr.Bytes(), "exitCode": this.ProcessState.ExitCode()}, nil
}

func (e *executions) add(p *running) string {
	id := strconv.FormatInt(e.last.Add(1), 10)
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.processes[id] = p
	return id
}

func (e *executions) start(_ context.Context, asked command) (any, error) {
	if e.runtime.find(asked.ID) == nil {
		return nil, missing(asked.ID)
	}
	if asked.TTY {
		return e.startTerminal(asked)
	}
	this, end := e.prepare(asked)
	p := &running{output: make(chan any), gone: make(chan struct{}), letGo: end}
	stdout, err := this.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := this.StderrPipe()
	if err != nil {
		return nil, err
	}
	if asked.Stdin {
		if p.stdin, err = this.StdinPipe(); err != nil {
			return nil, err
		}
	}
	if err := this.Start(); err != nil {
		return nil, err
	}
	go func() {
		var both sync.WaitGroup
		both.Go(func() { p.pass("Stdout", stdout) })
		both.Go(func() { p.pass("Stderr", stderr) })
		both.Wait()
		_ = this.Wait()
		p.say(map[string]any{"_tag": "Exited", "code": this.ProcessState.ExitCode()})
		close(p.output)
	}()
	return e.add(p), nil
}

func (e *executions) startTerminal(asked command) (any, error) {
	this, end := e.prepare(asked, "--tty")
	terminal, err := pty.Start(this)
	if err != nil {
		return nil, err
	}
	p := &running{output: make(chan any), gone: make(chan struct{}), letGo: end, stdin: terminal}
	p.resize = func(rows, columns uint16) { _ = pty.Setsize(terminal, &pty.Winsize{Rows: rows, Cols: columns}) }
	go func() {
		p.pass("Stdout", terminal)
		_ = this.Wait()
		terminal.Close()
		p.say(map[string]any{"_tag": "Exited", "code": this.ProcessState.ExitCode()})
		close(p.output)
	}()
	return e.add(p), nil
}

func (e *executions) attach(_ context.Context, asked command) (any, error) {
	c := e.runtime.find(asked.ID)
	if c == nil {
		return nil, missing(asked.ID)
	}
	connection, err := dialAt(filepath.Join(e.runtime.containerFolder(c.ID), "attach.sock"))
	if err != nil {
		return nil, missing(asked.ID)
	}
	p := &running{output: make(chan any), gone: make(chan struct{}), letGo: func() { connection.Close() }, stdin: shimInput{connection}}
	p.resize = func(rows, columns uint16) {
		_ = writePiece(connection, 3, binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, rows), columns))
	}
	go func() {
		defer close(p.output)
		for {
			kind, text, err := readPiece(connection)
			if err != nil {
				break
			}
			p.say(map[string]any{"_tag": map[byte]string{1: "Stdout", 2: "Stderr"}[kind], "bytes": text})
		}
		select {
		case <-c.ended:
			if end := e.runtime.exitOf(c); end != nil {
				p.say(map[string]any{"_tag": "Exited", "code": end.Code})
			}
		case <-p.gone:
		}
	}()
	return e.add(p), nil
}

// An empty piece is the end.
type shimInput struct{ connection net.Conn }

func (s shimInput) Write(text []byte) (int, error) {
	return len(text), writePiece(s.connection, 0, text)
}
func (s shimInput) Close() error { return writePiece(s.connection, 0, nil) }

func (p *running) pass(tag string, from io.Reader) {
	for {
		buffer := make([]byte, 32*1024)
		count, err := from.Read(buffer)
		if count > 0 && !p.say(map[string]any{"_tag": tag, "bytes": buffer[:count]}) {
			// Nobody reads any more; the process shall not wait for it.
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if err != nil {
			return
		}
	}
}

func (p *running) say(what any) bool {
	select {
	case p.output <- what:
		return true
	case <-p.gone:
		return false
	}
}

func (e *executions) find(id string) *running {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.processes[id]
}

func (e *executions) output(ctx context.Context, asked struct {
	Process string `cbor:"process"`
}, emit wire.Emit) error {
	p := e.find(asked.Process)
	if p == nil {
		return fmt.Errorf("there is no process %s", asked.Process)
	}
	defer func() {
		e.mutex.Lock()
		delete(e.processes, asked.Process)
		e.mutex.Unlock()
		p.once.Do(func() { close(p.gone) })
		p.letGo()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case what, isOpen := <-p.output:
			if !isOpen {
				return nil
			}
			if err := emit(what); err != nil {
				return err
			}
		}
	}
}

type input struct {
	Tag     string `cbor:"_tag"`
	Bytes   []byte `cbor:"bytes"`
	Rows    uint16 `cbor:"rows"`
	Columns uint16 `cbor:"columns"`
}

func (e *executions) input(_ context.Context, asked struct {
	Process string `cbor:"process"`
	Input   input  `cbor:"input"`
}) (any, error) {
	p := e.find(asked.Process)
	switch {
	case p == nil:
	case asked.Input.Tag == "Size" && p.resize != nil:
		p.resize(asked.Input.Rows, asked.Input.Columns)
	case asked.Input.Tag == "Stdin" && p.stdin != nil:
		// Who has ended reads no more; that it has ended is said by its output.
		if _, err := p.stdin.Write(asked.Input.Bytes); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrClosed) {
			return nil, err
		}
	case asked.Input.Tag == "End" && p.stdin != nil:
		p.stdin.Close()
	}
	return nil, nil
}
