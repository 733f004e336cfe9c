package main

import (
	"context"
	"sync"

	"keelson.io/examples/runtime-go/wire"
)

// A broker keeps, for each who listens, which pods are worth another look: however slow he is, each stands there once.
type broker struct {
	mutex     sync.Mutex
	listeners map[*listener]struct{}
}

type listener struct {
	pods  map[string]*pod
	awake chan struct{}
}

func (b *broker) tell(p *pod) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for l := range b.listeners {
		l.pods[p.ID] = p
		select {
		case l.awake <- struct{}{}:
		default:
		}
	}
}

func (b *broker) listen() *listener {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	l := &listener{pods: map[string]*pod{}, awake: make(chan struct{}, 1)}
	if b.listeners == nil {
		b.listeners = map[*listener]struct{}{}
	}
	b.listeners[l] = struct{}{}
	return l
}

func (b *broker) leave(l *listener) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	delete(b.listeners, l)
}

func (b *broker) take(l *listener) map[string]*pod {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	taken := l.pods
	l.pods = map[string]*pod{}
	return taken
}

func eventsContract(r *runtime) wire.Contract {
	changes := func(ctx context.Context, _ any, emit wire.Emit) error {
		l := r.changes.listen()
		defer r.changes.leave(l)
		r.mutex.Lock()
		for _, p := range r.pods {
			r.changes.tell(p)
		}
		r.mutex.Unlock()
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-l.awake:
				for _, p := range r.changes.take(l) {
					if err := emit(map[string]string{"pod": p.ID, "uid": p.Config.UID}); err != nil {
						return err
					}
				}
			}
		}
	}
	return wire.Contract{
		Name: "kubelet/Events", Version: "1.0.0",
		Methods: map[string]wire.Method{}, Streams: map[string]wire.Stream{"changes": wire.Open(changes)},
	}
}
