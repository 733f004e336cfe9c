package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// The path of a socket may have 108 bytes, and a container's folder may lie deep: through a folder that is open it is short.
func through(path string, use func(short string) error) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path)))
}

func listenAt(path string) (listener *net.UnixListener, err error) {
	err = through(path, func(short string) (err error) {
		listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
		return err
	})
	if err == nil {
		// It goes with its folder: by then the short path is somebody else's.
		listener.SetUnlinkOnClose(false)
	}
	return listener, err
}

func dialAt(path string) (connection net.Conn, err error) {
	err = through(path, func(short string) (err error) {
		connection, err = net.Dial("unix", short)
		return err
	})
	return connection, err
}
