// Package stdin ties the life of a program to a pipe: whoever holds the other end need only die
// for the program to end with it, however it died.
package stdin

import (
	"io"
	"os"
)

// Variable asks for the tie when it is set to anything.
const Variable = "CONTROLPLANE_EXIT_WITH_STDIN"

// ExitWhenClosed ends the process once standard input is closed, if Variable asks for that.
func ExitWhenClosed() {
	if os.Getenv(Variable) == "" {
		return
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}
