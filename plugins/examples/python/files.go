// Package python has the files that a plugin in Python needs beside its own.
package python

import "embed"

// Files are the helper and the generated messages.
//
//go:embed podstatus_plugin.py enrich_pb2.py
var Files embed.FS
