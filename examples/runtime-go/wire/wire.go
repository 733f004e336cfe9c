// Package wire serves a Keelson contract at a unix socket, in the protocol that `keelson plugin describe` prints.
//
// A frame is a list of messages in CBOR (RFC 8949) behind its length: four bytes, big-endian. The server greets with the contract
// and its version. Each Request is answered by one Exit; a stream sends Chunks before it, each of which the caller acknowledges.
// An Interrupt cancels a request, which is how a caller's deadline arrives.
package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// A frame that claims to be larger is not read.
const largest = 1 << 30

// Failure is an error of the contract: its name and its fields.
type Failure struct {
	Tag    string
	Fields map[string]any
}

func (f *Failure) Error() string { return fmt.Sprintf("%s %v", f.Tag, f.Fields) }

// Payload is what a method is called with, not yet decoded.
type Payload = cbor.RawMessage

// Emit sends one value of a stream, when the caller has taken the one before.
type Emit func(value any) error

// Method answers once; Stream as often as it calls emit. Both end when the context does.
type Method func(ctx context.Context, payload Payload) (any, error)
type Stream func(ctx context.Context, payload Payload, emit Emit) error

// Contract is what is served: its name and version, and its methods by name.
type Contract struct {
	Name, Version string
	Methods       map[string]Method
	Streams       map[string]Stream
}

// Call makes a Method of a function of the decoded payload.
func Call[P any](handle func(context.Context, P) (any, error)) Method {
	return func(ctx context.Context, raw Payload) (any, error) {
		var payload P
		if err := decode(raw, &payload); err != nil {
			return nil, err
		}
		return handle(ctx, payload)
	}
}

// Open makes a Stream of a function of the decoded payload.
func Open[P any](handle func(context.Context, P, Emit) error) Stream {
	return func(ctx context.Context, raw Payload, emit Emit) error {
		var payload P
		if err := decode(raw, &payload); err != nil {
			return err
		}
		return handle(ctx, payload, emit)
	}
}

func decode(raw Payload, into any) error {
	if len(raw) == 0 {
		return nil
	}
	return cbor.Unmarshal(raw, into)
}

// Path is where a contract's socket lies in a directory of sockets.
func Path(directory, contract string) string {
	return filepath.Join(directory, strings.ReplaceAll(contract, "/", ".")+".sock")
}

// Listen takes the contract's place in the directory. Only this user can connect.
func Listen(directory string, contract Contract) (net.Listener, error) {
	path := Path(directory, contract.Name)
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return listener, os.Chmod(path, 0o600)
}

// Serve answers everybody who connects, until the listener is closed.
func Serve(listener net.Listener, contract Contract) error {
	contract.Methods["hello"] = func(context.Context, Payload) (any, error) { return contract.Version, nil }
	for {
		connection, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go (&peer{contract: contract, connection: connection, calls: map[string]*call{}}).attend()
	}
}

// A call that has not ended.
type call struct {
	cancel context.CancelFunc
	acked  chan struct{}
}

type peer struct {
	contract   Contract
	connection net.Conn
	writing    sync.Mutex
	mutex      sync.Mutex
	calls      map[string]*call
}

// Ids are numbers or texts; what names a call here is how they are encoded.
type message struct {
	Tag       string          `cbor:"_tag"`
	ID        cbor.RawMessage `cbor:"id"`
	RequestID cbor.RawMessage `cbor:"requestId"`
	Method    string          `cbor:"tag"`
	Payload   cbor.RawMessage `cbor:"payload"`
}

func (p *peer) attend() {
	defer p.close()
	if p.send(map[string]any{"contract": p.contract.Name, "version": p.contract.Version}) != nil {
		return
	}
	for {
		messages, err := readFrame(p.connection)
		if err != nil {
			return
		}
		for _, one := range messages {
			p.hear(one)
		}
	}
}

func readFrame(from io.Reader) (messages []message, err error) {
	var head [4]byte
	if _, err = io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > largest {
		return nil, fmt.Errorf("a frame of %d bytes", size)
	}
	body := make([]byte, size)
	if _, err = io.ReadFull(from, body); err != nil {
		return nil, err
	}
	return messages, cbor.Unmarshal(body, &messages)
}

func (p *peer) hear(one message) {
	switch one.Tag {
	case "Request":
		p.begin(one)
	case "Ack":
		if call := p.find(one.RequestID); call != nil {
			call.acked <- struct{}{}
		}
	case "Interrupt":
		if call := p.find(one.RequestID); call != nil {
			call.cancel()
		}
	case "Ping":
		_ = p.send(map[string]any{"_tag": "Pong"})
	}
}

func (p *peer) find(id cbor.RawMessage) *call {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.calls[string(id)]
}

func (p *peer) begin(request message) {
	ctx, cancel := context.WithCancel(context.Background())
	this := &call{cancel: cancel, acked: make(chan struct{}, 1)}
	p.mutex.Lock()
	p.calls[string(request.ID)] = this
	p.mutex.Unlock()
	go func() {
		value, err := p.answer(ctx, this, request)
		interrupted := ctx.Err() != nil
		p.mutex.Lock()
		delete(p.calls, string(request.ID))
		p.mutex.Unlock()
		cancel()
		_ = p.send(map[string]any{"_tag": "Exit", "requestId": request.ID, "exit": exitOf(value, err, interrupted)})
	}()
}

func (p *peer) answer(ctx context.Context, this *call, request message) (value any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	if method, ok := p.contract.Methods[request.Method]; ok {
		return method(ctx, request.Payload)
	}
	stream, ok := p.contract.Streams[request.Method]
	if !ok {
		return nil, fmt.Errorf("%s has no method %q", p.contract.Name, request.Method)
	}
	return nil, stream(ctx, request.Payload, func(value any) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.send(map[string]any{"_tag": "Chunk", "requestId": request.ID, "values": []any{value}}); err != nil {
			return err
		}
		select {
		case <-this.acked:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func exitOf(value any, err error, interrupted bool) any {
	var failure *Failure
	switch {
	case err == nil:
		return map[string]any{"_tag": "Success", "value": value}
	case errors.As(err, &failure):
		fields := map[string]any{"_tag": failure.Tag}
		for name, field := range failure.Fields {
			fields[name] = field
		}
		return failed(map[string]any{"_tag": "Fail", "error": fields})
	case interrupted:
		return failed(map[string]any{"_tag": "Interrupt", "fiberId": nil})
	default:
		return failed(map[string]any{"_tag": "Die", "defect": map[string]any{"name": "Error", "message": err.Error()}})
	}
}

func failed(reason any) any {
	return map[string]any{"_tag": "Failure", "cause": []any{reason}}
}

func (p *peer) send(message any) error {
	body, err := cbor.Marshal([]any{message})
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	p.writing.Lock()
	defer p.writing.Unlock()
	_, err = (&net.Buffers{head, body}).WriteTo(p.connection)
	return err
}

func (p *peer) close() {
	p.connection.Close()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, call := range p.calls {
		call.cancel()
	}
}
