package main

import "runtime/debug"

// version is set by the linker for a release: -X main.version=v1.2.3.
var version string

// buildVersion returns the version of a release, or else that of the module.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
