package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"keelson.io/examples/runtime-go/wire"
)

// An image lies unpacked in a folder of its id: `state.json` and `rootfs`.
type image struct {
	ID      string    `json:"id"`
	Tags    []string  `json:"tags"`
	Digests []string  `json:"digests"`
	Bytes   int64     `json:"bytes"`
	Config  v1.Config `json:"config"`
}

type images struct {
	folder string
	mutex  sync.Mutex
	all    map[string]*image
}

func openImages(root string) (*images, error) {
	i := &images{folder: filepath.Join(root, "images"), all: map[string]*image{}}
	if err := os.MkdirAll(i.folder, 0o700); err != nil {
		return nil, err
	}
	return i, loadAll(i.folder, func(found *image) { i.all[found.ID] = found })
}

func (i *images) path(id string) string {
	return filepath.Join(i.folder, strings.TrimPrefix(id, "sha256:"))
}
func (i *images) rootfs(id string) string { return filepath.Join(i.path(id), "rootfs") }

func (i *images) contract() wire.Contract {
	return wire.Contract{Name: "kubelet/Images", Version: "1.1.0", Methods: map[string]wire.Method{
		"find": wire.Call(i.find), "pull": wire.Call(i.pull), "list": wire.Call(i.list), "remove": wire.Call(i.remove),
	}}
}

func (i *image) stopSignal() string {
	if i.Config.StopSignal != "" {
		return strings.TrimPrefix(i.Config.StopSignal, "SIG")
	}
	return "TERM"
}

func (i *image) words() any {
	words := map[string]any{"id": i.ID, "tags": i.Tags, "digests": i.Digests, "bytes": i.Bytes}
	if i.Config.User != "" {
		words["user"] = i.Config.User
	}
	return words
}

// By id, or by a name that is completed as everybody does: `busybox` is `docker.io/library/busybox:latest`.
func (i *images) lookup(wanted string) *image {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if found, ok := i.all[wanted]; ok {
		return found
	}
	reference, err := name.ParseReference(wanted)
	if err != nil {
		return nil
	}
	for _, one := range i.all {
		if slices.Contains(one.Tags, reference.Name()) || slices.Contains(one.Digests, reference.Name()) {
			return one
		}
	}
	return nil
}

type wantedImage struct {
	Image       string       `cbor:"image"`
	Credentials *credentials `cbor:"credentials"`
}

type credentials struct {
	Username      string `cbor:"username"`
	Password      string `cbor:"password"`
	IdentityToken string `cbor:"identityToken"`
}

func (i *images) find(_ context.Context, asked wantedImage) (any, error) {
	if found := i.lookup(asked.Image); found != nil {
		return found.words(), nil
	}
	return nil, nil
}

func (i *images) list(context.Context, any) (any, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	all := []any{}
	for _, one := range i.all {
		all = append(all, one.words())
	}
	return all, nil
}

func (i *images) remove(_ context.Context, asked wantedImage) (any, error) {
	found := i.lookup(asked.Image)
	if found == nil {
		return nil, nil
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	delete(i.all, found.ID)
	return nil, os.RemoveAll(i.path(found.ID))
}

func (i *images) pull(ctx context.Context, asked wantedImage) (any, error) {
	failed := func(err error) error {
		return &wire.Failure{Tag: "PullFailed", Fields: map[string]any{"image": asked.Image, "message": err.Error()}}
	}
	reference, err := name.ParseReference(asked.Image)
	if err != nil {
		return nil, failed(err)
	}
	options := []remote.Option{remote.WithContext(ctx)}
	if c := asked.Credentials; c != nil {
		options = append(options, remote.WithAuth(authn.FromConfig(authn.AuthConfig{
			Username: c.Username, Password: c.Password, IdentityToken: c.IdentityToken,
		})))
	}
	there, err := remote.Image(reference, options...)
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == 404 {
		return nil, &wire.Failure{Tag: "ImageMissing", Fields: map[string]any{"image": asked.Image}}
	}
	if err != nil {
		return nil, failed(err)
	}
	id, err := i.add(there, reference)
	if err != nil {
		return nil, failed(err)
	}
	return id, nil
}

func (i *images) importArchive(path string) error {
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil {
		return err
	}
	for _, one := range manifest {
		for _, text := range one.RepoTags {
			tag, err := name.NewTag(text)
			if err != nil {
				return err
			}
			archived, err := tarball.ImageFromPath(path, &tag)
			if err != nil {
				return err
			}
			if _, err := i.add(archived, tag); err != nil {
				return err
			}
		}
	}
	return nil
}

// The newest of a name has it alone.
func (i *images) add(from v1.Image, reference name.Reference) (string, error) {
	made, err := describe(from, reference)
	if err != nil {
		return "", err
	}
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if known, ok := i.all[made.ID]; ok {
		made.Tags = union(known.Tags, made.Tags)
		made.Digests = union(known.Digests, made.Digests)
	} else if err := unpack(from, i.rootfs(made.ID)); err != nil {
		_ = os.RemoveAll(i.path(made.ID))
		return "", err
	}
	for _, other := range i.all {
		if other.ID != made.ID && slices.Contains(other.Tags, reference.Name()) {
			other.Tags = slices.DeleteFunc(other.Tags, func(tag string) bool { return tag == reference.Name() })
			if err := save(filepath.Join(i.path(other.ID), "state.json"), other); err != nil {
				return "", err
			}
		}
	}
	i.all[made.ID] = made
	return made.ID, save(filepath.Join(i.path(made.ID), "state.json"), made)
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func describe(from v1.Image, reference name.Reference) (*image, error) {
	id, err := from.ConfigName()
	if err != nil {
		return nil, err
	}
	file, err := from.ConfigFile()
	if err != nil {
		return nil, err
	}
	digest, err := from.Digest()
	if err != nil {
		return nil, err
	}
	size, err := from.Size()
	if err != nil {
		return nil, err
	}
	made := &image{ID: id.String(), Tags: []string{}, Digests: []string{}, Bytes: size, Config: file.Config}
	made.Digests = append(made.Digests, reference.Context().Digest(digest.String()).Name())
	if tag, ok := reference.(name.Tag); ok {
		made.Tags = append(made.Tags, tag.Name())
	}
	return made, nil
}

// All layers as one file system. An image's paths and links lead nowhere else: the folder is opened as a root.
func unpack(from v1.Image, folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	files := mutate.Extract(from)
	defer files.Close()
	for reader := tar.NewReader(files); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = put(root, header, reader)
		}
		if err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
	}
}

func put(root *os.Root, header *tar.Header, content io.Reader) error {
	path := filepath.Clean(header.Name)
	if path == "." || path == "/" {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	mode := header.FileInfo().Mode()
	var err error
	switch header.Typeflag {
	case tar.TypeDir:
		err = root.MkdirAll(path, 0o755)
	case tar.TypeReg:
		err = write(root, path, content)
	case tar.TypeSymlink:
		if err := root.Symlink(header.Linkname, path); err != nil {
			return err
		}
		return root.Lchown(path, header.Uid, header.Gid)
	case tar.TypeLink:
		return root.Link(filepath.Clean(header.Linkname), path)
	default:
		// Devices and pipes are the runtime's to make.
		return nil
	}
	if err != nil {
		return err
	}
	if err := root.Lchown(path, header.Uid, header.Gid); err != nil {
		return err
	}
	return root.Chmod(path, mode&(os.ModePerm|os.ModeSetuid|os.ModeSetgid|os.ModeSticky))
}

func write(root *os.Root, path string, content io.Reader) error {
	file, err := root.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
