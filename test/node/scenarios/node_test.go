//go:build node

package scenarios

import (
	"os"
	"testing"

	"github.com/pod-status-logger/pod-status-logger/test/node/nodetest"
)

// theNode is the node that all tests share.
var theNode = nodetest.NewShared("testdata/kubelet.yaml")

func TestMain(m *testing.M) { os.Exit(theNode.Run(m)) }

// node is a node with requests to its API server.
type node struct{ *nodetest.Node }
