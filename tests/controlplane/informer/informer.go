// Package informer runs client-go's informers over any resource and reports what they see as JSON
// lines, so that a test can tell whether client-go stays in step with a server.
package informer

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/features"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type options struct {
	kubeconfig string
	resource   schema.GroupVersionResource
	namespace  string
	watchList  bool
	metadata   bool
}

// Main runs the informers until input ends; the line "dump" on input prints what they hold.
func Main(args []string, input io.Reader, output, complaints io.Writer) int {
	options, err := parse(args, complaints)
	if err == nil {
		err = run(options, input, &lines{encoder: json.NewEncoder(output)})
	}
	if err != nil {
		fmt.Fprintf(complaints, "informer: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string, complaints io.Writer) (options, error) {
	var parsed options
	var resource string
	flags := flag.NewFlagSet("informer", flag.ContinueOnError)
	flags.SetOutput(complaints)
	flags.StringVar(&parsed.kubeconfig, "kubeconfig", "", "how to reach the API server")
	flags.StringVar(&resource, "resource", "", "what to watch, as group/version/plural (core: /v1/configmaps)")
	flags.StringVar(&parsed.namespace, "namespace", "", "only this namespace (default: all)")
	flags.BoolVar(&parsed.watchList, "watch-list", true, "whether to ask for the first list as a watch")
	flags.BoolVar(&parsed.metadata, "metadata", true, "whether to run the metadata-only informer beside the dynamic one")
	if err := flags.Parse(args); err != nil {
		return parsed, err
	}
	parts := strings.Split(resource, "/")
	if len(parts) != 3 {
		return parsed, fmt.Errorf("--resource=%q is not group/version/plural", resource)
	}
	parsed.resource = schema.GroupVersionResource{Group: parts[0], Version: parts[1], Resource: parts[2]}
	return parsed, nil
}

func run(options options, input io.Reader, out *lines) error {
	gates := features.FeatureGates().(interface {
		Set(features.Feature, bool) error
	})
	if err := gates.Set(features.WatchListClient, options.watchList); err != nil {
		return fmt.Errorf("setting the feature gate WatchListClient: %w", err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", options.kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig %s: %w", options.kubeconfig, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	informers, err := build(config, options)
	if err != nil {
		return err
	}
	if !options.metadata {
		delete(informers, "metadata")
	}
	for name, informer := range informers {
		if err := start(ctx, name, informer, out); err != nil {
			return fmt.Errorf("starting the %s informer: %w", name, err)
		}
	}
	return answer(informers, input, out)
}

func build(config *rest.Config, options options) (map[string]cache.SharedIndexInformer, error) {
	dynamicClient, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the dynamic client: %w", err)
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the metadata client: %w", err)
	}
	indexers := cache.Indexers{}
	return map[string]cache.SharedIndexInformer{
		"dynamic":  dynamicinformer.NewFilteredDynamicInformer(dynamicClient, options.resource, options.namespace, 0, indexers, nil).Informer(),
		"metadata": metadatainformer.NewFilteredMetadataInformer(metadataClient, options.resource, options.namespace, 0, indexers, nil).Informer(),
	}, nil
}

func start(ctx context.Context, name string, informer cache.SharedIndexInformer, out *lines) error {
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { out.event(name, "ADDED", object) },
		UpdateFunc: func(_, object any) { out.event(name, "MODIFIED", object) },
		DeleteFunc: func(object any) { out.event(name, "DELETED", object) },
	})
	if err != nil {
		return err
	}
	go informer.RunWithContext(ctx)
	go func() {
		if cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
			out.write(map[string]any{"synced": name})
		}
	}()
	return nil
}

// answer prints what the informers hold for each line "dump", until input ends.
func answer(informers map[string]cache.SharedIndexInformer, input io.Reader, out *lines) error {
	commands := bufio.NewScanner(input)
	for commands.Scan() {
		if strings.TrimSpace(commands.Text()) != "dump" {
			continue
		}
		dump := map[string]map[string]string{}
		for name, informer := range informers {
			held := map[string]string{}
			for _, object := range informer.GetStore().List() {
				accessor, err := meta.Accessor(object)
				if err != nil {
					return err
				}
				held[accessor.GetNamespace()+"/"+accessor.GetName()] = accessor.GetResourceVersion()
			}
			dump[name] = held
		}
		out.write(map[string]any{"dump": dump})
	}
	return commands.Err()
}

// lines writes whole JSON lines from many goroutines.
type lines struct {
	sync.Mutex
	encoder *json.Encoder
}

func (l *lines) write(line any) {
	l.Lock()
	defer l.Unlock()
	// The reader is the parent process: once it is gone, input ends too and so does this program.
	_ = l.encoder.Encode(line)
}

func (l *lines) event(informer, kind string, object any) {
	if tombstone, is := object.(cache.DeletedFinalStateUnknown); is {
		object = tombstone.Obj
	}
	accessor, err := meta.Accessor(object.(runtime.Object))
	if err != nil {
		l.write(map[string]any{"informer": informer, "error": err.Error()})
		return
	}
	l.write(map[string]any{
		"informer":        informer,
		"type":            kind,
		"key":             accessor.GetNamespace() + "/" + accessor.GetName(),
		"resourceVersion": accessor.GetResourceVersion(),
		"labels":          accessor.GetLabels(),
	})
}
