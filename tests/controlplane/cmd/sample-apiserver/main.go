// Command sample-apiserver is Kubernetes' sample-apiserver in a program of its own, as a peer to
// measure against: linked into the control plane it would carry that program's memory.
package main

import (
	"os"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	wardle "k8s.io/sample-apiserver/pkg/cmd/server"
)

func main() {
	ctx := genericapiserver.SetupSignalContext()
	options := wardle.NewWardleServerOptions(os.Stdout, os.Stderr)
	os.Exit(cli.Run(wardle.NewCommandStartWardleServer(ctx, options, false)))
}
