// Package node has the files that a plugin in Node.js needs beside its own.
package node

import "embed"

// Files are the helper and the contract.
//
//go:embed podstatus_plugin.js enrich.proto
var Files embed.FS
