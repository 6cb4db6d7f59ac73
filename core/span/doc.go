// Package span has the spans of rollouts and pods, each complete, and their ids. Ids are hashes of text that others
// know, too; docs/traces.md has the rules.
package span
