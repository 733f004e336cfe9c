package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"keelson.io/examples/runtime-go/wire"
)

// A log is a file of lines `TIME STREAM F|P TEXT`, as the CRI has them: P is a piece of a line whose rest follows.
type logFile struct {
	mutex sync.Mutex
	file  *os.File
}

// A line longer than this is written in pieces.
const longestLine = 16 * 1024

func openLog(path string) (*logFile, error) {
	if path == "" {
		return &logFile{}, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	return &logFile{file: file}, err
}

type lineWriter struct {
	log    *logFile
	stream string
	rest   []byte
}

func (l *logFile) writer(stream string) io.WriteCloser { return &lineWriter{log: l, stream: stream} }

func (w *lineWriter) Write(text []byte) (int, error) {
	w.rest = append(w.rest, text...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		switch {
		case end >= 0:
			w.put("F", w.rest[:end])
			w.rest = w.rest[end+1:]
		case len(w.rest) >= longestLine:
			w.put("P", w.rest)
			w.rest = nil
		default:
			return len(text), nil
		}
	}
}

func (w *lineWriter) Close() error {
	if len(w.rest) > 0 {
		w.put("P", w.rest)
	}
	return nil
}

func (w *lineWriter) put(kind string, line []byte) {
	if w.log.file == nil {
		return
	}
	w.log.mutex.Lock()
	defer w.log.mutex.Unlock()
	fmt.Fprintf(w.log.file, "%s %s %s %s\n", now(), w.stream, kind, line)
}

type logLine struct {
	At     string `cbor:"at"`
	Stream string `cbor:"stream"`
	Line   []byte `cbor:"line"`
}

func parseLine(text []byte) (line logLine, ok bool) {
	parts := bytes.SplitN(bytes.TrimSuffix(text, []byte("\n")), []byte(" "), 4)
	if len(parts) < 4 {
		return line, false
	}
	line = logLine{At: string(parts[0]), Stream: string(parts[1]), Line: parts[3]}
	if string(parts[2]) == "F" {
		line.Line = append(line.Line, '\n')
	}
	return line, true
}

type logQuery struct {
	ID     string `cbor:"id"`
	Follow bool   `cbor:"follow"`
	Tail   *int   `cbor:"tail"`
	Since  string `cbor:"since"`
}

func logsContract(r *runtime) wire.Contract {
	read := func(ctx context.Context, query logQuery, emit wire.Emit) error {
		c := r.find(query.ID)
		if c == nil {
			return missing(query.ID)
		}
		if c.LogFile == "" {
			return nil
		}
		file, err := os.Open(c.LogFile)
		if err != nil {
			return err
		}
		defer file.Close()
		return readLog(ctx, file, c.ended, query, emit)
	}
	return wire.Contract{
		Name: "kubelet/Logs", Version: "1.0.0",
		Methods: map[string]wire.Method{}, Streams: map[string]wire.Stream{"read": wire.Open(read)},
	}
}

func readLog(ctx context.Context, file io.Reader, ended <-chan struct{}, query logQuery, emit wire.Emit) error {
	since, _ := time.Parse(time.RFC3339Nano, query.Since)
	reader, rest := bufio.NewReader(file), []byte(nil)
	// Complete lines, as far as there are any.
	next := func() (logLine, error) {
		for {
			piece, err := reader.ReadBytes('\n')
			rest = append(rest, piece...)
			if err != nil {
				return logLine{}, err
			}
			line, ok := parseLine(rest)
			rest = nil
			if at, _ := time.Parse(time.RFC3339Nano, line.At); ok && !at.Before(since) {
				return line, nil
			}
		}
	}
	if query.Tail != nil {
		if err := emitTail(next, *query.Tail, emit); err != nil {
			return err
		}
	}
	for isLast := false; ; {
		line, err := next()
		switch {
		case err == nil:
			if err := emit(line); err != nil {
				return err
			}
		case !errors.Is(err, io.EOF):
			return err
		case !query.Follow || isLast:
			return nil
		default:
			// What was written before the end is read once more after it.
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ended:
				isLast = true
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

func emitTail(next func() (logLine, error), count int, emit wire.Emit) error {
	var last []logLine
	for line, err := next(); err == nil; line, err = next() {
		last = append(last, line)
		last = last[max(0, len(last)-count):]
	}
	for _, line := range last {
		if err := emit(line); err != nil {
			return err
		}
	}
	return nil
}
