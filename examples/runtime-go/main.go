// A container runtime that is no part of Keelson and written in no language of it: it keeps the kubelet's six contracts
// (ContainerRuntime, Images, Exec, Logs, Stats, Events) over unix sockets, and runs containers with runc.
//
//	runtime-go --root /var/lib/runtime-go --sockets /run/runtime-go [--import busybox.tar]
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"keelson.io/examples/runtime-go/wire"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "shim" {
		shim(os.Args[2])
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "pause" {
		pause(os.Args[2])
		return
	}
	root := flag.String("root", "", "a folder for images and containers")
	sockets := flag.String("sockets", "", "a folder where the contracts are served")
	archive := flag.String("import", "", "an image archive, as `docker save` writes it, to take in first")
	flag.Parse()
	if err := run(*root, *sockets, *archive); err != nil {
		fmt.Fprintln(os.Stderr, "runtime-go:", err)
		os.Exit(1)
	}
}

func run(root, sockets, archive string) error {
	if root == "" || sockets == "" {
		return fmt.Errorf("--root and --sockets have to be given")
	}
	for _, folder := range []string{root, sockets} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	images, err := openImages(root)
	if err != nil {
		return err
	}
	if archive != "" {
		if err := images.importArchive(archive); err != nil {
			return err
		}
	}
	runtime, err := openRuntime(root, images)
	if err != nil {
		return err
	}
	return serve(sockets,
		runtime.contract(), images.contract(), newExec(runtime).contract(), logsContract(runtime), statsContract(runtime), eventsContract(runtime))
}

// Containers go on when this ends, and are found again by the next.
func serve(sockets string, contracts ...wire.Contract) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan error, len(contracts))
	var listeners []net.Listener
	for _, contract := range contracts {
		listener, err := wire.Listen(sockets, contract)
		if err != nil {
			return err
		}
		listeners = append(listeners, listener)
		go func() { ended <- wire.Serve(listener, contract) }()
	}
	fmt.Println("ready")
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	}
	for _, listener := range listeners {
		listener.Close()
	}
	return err
}
