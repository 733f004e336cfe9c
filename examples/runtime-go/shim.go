package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// A shim is the parent of one container: it outlives the runtime, writes down what the container says and how it ended, and lets
// others take part in its input and output at `attach.sock`.
func shim(folder string) {
	// The lock that says that it lives; the container shall not have it.
	syscall.CloseOnExec(3)
	end := runShim(folder)
	end.FinishedAt = now()
	if err := save(filepath.Join(folder, "exit.json"), end); err != nil {
		os.Exit(1)
	}
}

func startError(err error) exit { return exit{Code: 128, Reason: "StartError", Message: err.Error()} }

func runShim(folder string) exit {
	var c container
	bytes, err := os.ReadFile(filepath.Join(folder, "state.json"))
	if err == nil {
		err = json.Unmarshal(bytes, &c)
	}
	if err != nil {
		return startError(err)
	}
	log, err := openLog(c.LogFile)
	if err != nil {
		return startError(err)
	}
	said := filepath.Join(folder, "runc.log")
	command := exec.Command("runc", "--log", said, "--log-format", "json", "run", "--bundle", folder, "--pid-file", filepath.Join(folder, "pid"), c.ID)
	audience := &audience{once: c.Config.StdinOnce}
	read, err := connect(command, c.Config, audience)
	if err == nil {
		err = audience.open(filepath.Join(folder, "attach.sock"))
	}
	if err != nil {
		return startError(err)
	}
	defer audience.close()
	if err := command.Start(); err != nil {
		return startError(err)
	}
	read(log)
	err = command.Wait()
	if _, missing := os.Stat(filepath.Join(folder, "pid")); missing != nil {
		return startError(lastWords(said, err))
	}
	return exit{Code: command.ProcessState.ExitCode(), Reason: reasonOf(command.ProcessState.ExitCode())}
}

func reasonOf(code int) string {
	if code == 0 {
		return "Completed"
	}
	return "Error"
}

// What runc has to say of a start that failed.
func lastWords(path string, otherwise error) error {
	file, err := os.Open(path)
	if err != nil {
		return otherwise
	}
	defer file.Close()
	words := otherwise
	for decoder := json.NewDecoder(file); ; {
		var line struct{ Level, Msg string }
		if decoder.Decode(&line) != nil {
			return words
		}
		// The cause is said first, by another of its processes.
		if line.Level == "fatal" || (line.Level == "error" && words == otherwise) {
			words = fmt.Errorf("%s", line.Msg)
		}
	}
}

// Joins the command's input and output to its audience; what is returned reads until there is no more.
func connect(command *exec.Cmd, config containerConfig, audience *audience) (func(*logFile), error) {
	if config.TTY {
		master, slave, err := pty.Open()
		if err != nil {
			return nil, err
		}
		command.Stdin, command.Stdout, command.Stderr = slave, slave, slave
		command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		audience.terminal, audience.stdin = master, master
		return func(log *logFile) {
			slave.Close()
			audience.pass(master, 1, log.writer("stdout"))
		}, nil
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if config.Stdin {
		if audience.stdin, err = command.StdinPipe(); err != nil {
			return nil, err
		}
	}
	return func(log *logFile) {
		var both sync.WaitGroup
		both.Go(func() { audience.pass(stdout, 1, log.writer("stdout")) })
		both.Go(func() { audience.pass(stderr, 2, log.writer("stderr")) })
		both.Wait()
	}, nil
}

// Who listens to the container and speaks to it. A frame is what it is (0 input, 1 output, 2 errors, 3 the terminal's size), its
// length in four bytes, and the bytes.
type audience struct {
	mutex    sync.Mutex
	members  map[net.Conn]struct{}
	stdin    io.WriteCloser
	terminal *os.File
	once     bool
	listener net.Listener
}

func (a *audience) open(path string) (err error) {
	a.members = map[net.Conn]struct{}{}
	if a.listener, err = listenAt(path); err != nil {
		return err
	}
	go func() {
		for {
			connection, err := a.listener.Accept()
			if err != nil {
				return
			}
			a.mutex.Lock()
			a.members[connection] = struct{}{}
			a.mutex.Unlock()
			go a.hear(connection)
		}
	}()
	return nil
}

func (a *audience) hear(from net.Conn) {
	defer a.leave(from)
	for {
		kind, bytes, err := readPiece(from)
		if err != nil {
			return
		}
		switch {
		case kind == 3 && a.terminal != nil:
			size := pty.Winsize{Rows: binary.BigEndian.Uint16(bytes), Cols: binary.BigEndian.Uint16(bytes[2:])}
			_ = pty.Setsize(a.terminal, &size)
		case kind == 0 && a.stdin != nil && len(bytes) > 0:
			if _, err := a.stdin.Write(bytes); err != nil {
				return
			}
		case kind == 0 && a.stdin != nil && a.once:
			a.stdin.Close()
		}
	}
}

func (a *audience) leave(member net.Conn) {
	a.mutex.Lock()
	delete(a.members, member)
	a.mutex.Unlock()
	member.Close()
}

func (a *audience) pass(from io.Reader, kind byte, log io.Writer) {
	buffer := make([]byte, 32*1024)
	for {
		count, err := from.Read(buffer)
		if count > 0 {
			_, _ = log.Write(buffer[:count])
			a.mutex.Lock()
			for member := range a.members {
				_ = member.SetWriteDeadline(time.Now().Add(10 * time.Second))
				_ = writePiece(member, kind, buffer[:count])
			}
			a.mutex.Unlock()
		}
		if err != nil {
			if closer, ok := log.(io.Closer); ok {
				closer.Close()
			}
			return
		}
	}
}

func (a *audience) close() {
	a.listener.Close()
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for member := range a.members {
		member.Close()
	}
}

func writePiece(to io.Writer, kind byte, bytes []byte) error {
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(bytes)))
	_, err := to.Write(append(head, bytes...))
	return err
}

func readPiece(from io.Reader) (byte, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size > 1<<20 {
		return 0, nil, fmt.Errorf("a piece of %d bytes", size)
	}
	bytes := make([]byte, size)
	_, err := io.ReadFull(from, bytes)
	return head[0], bytes, err
}
