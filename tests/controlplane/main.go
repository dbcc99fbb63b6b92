// Command controlplane is the control plane of the tests in one program: etcd, kube-apiserver,
// kube-controller-manager, kubectl, sample-apiserver and a client-go informer, linked as ordinary
// Go modules. The name it is called by, or else its first argument, chooses which one it is.
// What starts and wires them is the Rust harness (tests/src/control_plane).
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	_ "time/tzdata" // time zones of CronJobs, on machines without a database of them

	"go.etcd.io/etcd/server/v3/etcdmain"
	genericapiserver "k8s.io/apiserver/pkg/server"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	wardle "k8s.io/sample-apiserver/pkg/cmd/server"

	"github.com/aggboot/aggboot/tests/controlplane/informer"
)

// programs maps each name to what runs under it; args[0] is that name.
var programs = map[string]func(args []string){
	"etcd":                    func(args []string) { etcdmain.Main(args) },
	"kube-apiserver":          func([]string) { os.Exit(cli.Run(apiserver.NewAPIServerCommand())) },
	"kube-controller-manager": func([]string) { os.Exit(cli.Run(controllermanager.NewControllerManagerCommand())) },
	"kubectl":                 func([]string) { kubectl() },
	"sample-apiserver":        func([]string) { sampleAPIServer() },
	"informer":                func(args []string) { os.Exit(informer.Main(args[1:], os.Stdin, os.Stdout, os.Stderr)) },
}

func main() {
	args := slices.Clone(os.Args)
	name := filepath.Base(args[0])
	program, known := programs[name]
	if !known && len(args) > 1 {
		args = args[1:]
		name = args[0]
		program, known = programs[name]
	}
	if !known {
		refuse(os.Stderr, name)
		os.Exit(2)
	}
	args[0] = name
	os.Args = args // cobra, etcd and kubectl read these
	program(args)
}

func refuse(out io.Writer, name string) {
	names := make([]string, 0, len(programs))
	for known := range programs {
		names = append(names, known)
	}
	slices.Sort(names)
	fmt.Fprintf(out, "controlplane: %q is none of %s: name one as the first argument\n", name, strings.Join(names, ", "))
}

func kubectl() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}

func sampleAPIServer() {
	ctx := genericapiserver.SetupSignalContext()
	options := wardle.NewWardleServerOptions(os.Stdout, os.Stderr)
	os.Exit(cli.Run(wardle.NewCommandStartWardleServer(ctx, options, false)))
}
