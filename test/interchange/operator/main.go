// An operator as people write them, with controller-runtime and nothing changed for us: envtest starts the API server, installs a
// definition and a webhook, and the operator leads, reconciles and refuses. Each step that it has seen it prints.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const namespace = "default"

func website(name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Website"})
	object.SetNamespace(namespace)
	object.SetName(name)
	return object
}

func replicas(object *unstructured.Unstructured, of string) int64 {
	count, _, err := unstructured.NestedInt64(object.Object, of, "replicas")
	must("replicas is a number", err)
	return count
}

type reconciler struct{ client.Client }

// For each Website a ConfigMap that says how many replicas it wants, and a status that says so too.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	site := website(request.Name)
	if err := r.Get(ctx, request.NamespacedName, site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	wanted := replicas(site, "spec")
	made := &corev1.ConfigMap{}
	made.Name, made.Namespace = site.GetName(), namespace
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, made, func() error {
		made.Data = map[string]string{"replicas": fmt.Sprint(wanted)}
		return controllerutil.SetControllerReference(site, made, r.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := unstructured.SetNestedField(site.Object, wanted, "status", "replicas"); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{}, r.Status().Update(ctx, site)
}

type validator struct{ decoder admission.Decoder }

func (v *validator) Handle(_ context.Context, request admission.Request) admission.Response {
	site := website(request.Name)
	if err := v.decoder.Decode(request, site); err != nil {
		return admission.Errored(400, err)
	}
	if replicas(site, "spec") > 5 {
		return admission.Denied("five replicas are enough")
	}
	return admission.Allowed("")
}

var environment *envtest.Environment

func must(step string, err error) {
	if err == nil {
		return
	}
	fmt.Printf("failed: %s: %v\n", step, err)
	if environment != nil {
		_ = environment.Stop()
	}
	os.Exit(1)
}

func eventually(ctx context.Context, step string, is func(context.Context) (bool, error)) {
	must(step, wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, 60*time.Second, true, is))
	fmt.Println(step)
}

func manage(ctx context.Context, config *rest.Config) {
	hooks := environment.WebhookInstallOptions
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  scheme.Scheme,
		Metrics:                 server.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "websites",
		LeaderElectionNamespace: namespace,
		WebhookServer: webhook.NewServer(webhook.Options{
			Host: hooks.LocalServingHost, Port: hooks.LocalServingPort, CertDir: hooks.LocalServingCertDir,
		}),
	})
	must("the manager is made", err)
	decoder := admission.NewDecoder(scheme.Scheme)
	manager.GetWebhookServer().Register("/validate", &webhook.Admission{Handler: &validator{decoder}})
	controller := ctrl.NewControllerManagedBy(manager).For(website("")).Owns(&corev1.ConfigMap{})
	must("the controller is made", controller.Complete(&reconciler{manager.GetClient()}))
	go func() {
		// Who is told to end may say that it has lost its lease.
		if err := manager.Start(ctx); ctx.Err() == nil {
			must("the manager runs", err)
		}
	}()
	<-manager.Elected()
	fmt.Println("it leads")
	started := manager.GetWebhookServer().StartedChecker()
	eventually(ctx, "its webhook serves", func(context.Context) (bool, error) { return started(nil) == nil, nil })
}

func try(ctx context.Context, api client.Client) {
	site := website("a")
	must("a Website is created", api.Create(ctx, site))
	state := func(wanted int64) func(context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			made := &corev1.ConfigMap{}
			if err := api.Get(ctx, client.ObjectKeyFromObject(site), made); err != nil {
				return false, client.IgnoreNotFound(err)
			}
			if err := api.Get(ctx, client.ObjectKeyFromObject(site), site); err != nil {
				return false, err
			}
			isOwned := len(made.OwnerReferences) == 1 && made.OwnerReferences[0].UID == site.GetUID()
			return isOwned && made.Data["replicas"] == fmt.Sprint(wanted) && replicas(site, "status") == wanted, nil
		}
	}
	eventually(ctx, "a Website is reconciled, with its default", state(2))
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"replicas":5}}`))
	must("it is patched", api.Patch(ctx, site, patch))
	eventually(ctx, "it is reconciled again", state(5))
	many := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"replicas":6}}`))
	err := api.Patch(ctx, website("a"), many)
	if !apierrors.IsForbidden(err) {
		must("six replicas are refused", fmt.Errorf("they were not: %v", err))
	}
	fmt.Println("refused:", err)
}

func main() {
	ctrl.SetLogger(funcr.New(func(from, line string) { fmt.Println(from, line) }, funcr.Options{}))
	ctx, cancel := context.WithCancel(context.Background())
	environment = &envtest.Environment{
		CRDDirectoryPaths:     []string{os.Args[1] + "/definition.yaml"},
		ErrorIfCRDPathMissing: true,
		WebhookInstallOptions: envtest.WebhookInstallOptions{Paths: []string{os.Args[1] + "/webhook.yaml"}},
	}
	config, err := environment.Start()
	must("envtest starts", err)
	fmt.Println("envtest has started")
	manage(ctx, config)
	api, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	must("a client is made", err)
	try(ctx, api)
	user, err := environment.AddUser(envtest.User{Name: "nobody"}, nil)
	must("a user is added", err)
	other, err := client.New(user.Config(), client.Options{Scheme: scheme.Scheme})
	if err == nil {
		err = other.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "a"}, &corev1.ConfigMap{})
	}
	if !apierrors.IsForbidden(err) {
		must("nobody may read", fmt.Errorf("but did: %v", err))
	}
	fmt.Println("nobody else may read")
	cancel()
	must("envtest stops", environment.Stop())
	fmt.Println("envtest has stopped")
}
