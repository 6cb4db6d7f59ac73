// Package helm tests the chart in deploy/helm and the manifests generated from it, with two
// versions of Helm, on a real API server, and with the program as their ServiceAccount. It is a
// module of its own, so that Helm's dependencies stay out of the product's.
package helm
