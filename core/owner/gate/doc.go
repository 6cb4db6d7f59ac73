// Package gate leaves out requests to the API server that would fail: those for which it
// denied the right a short while ago, and those for which it asked for a pause.
package gate
