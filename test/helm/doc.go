// Package helm tests the chart in deploy/helm and the manifests made from it:
// with both helms that people have, on a real API server, and with the program
// running as the ServiceAccount that they make. It is a module of its own, so
// that helm's dependencies stay out of the product's.
package helm
