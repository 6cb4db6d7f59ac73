//go:build node

package scenarios

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pluginapi "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// devicePlugin offers one device to the kubelet.
type devicePlugin struct {
	pluginapi.UnimplementedDevicePluginServer
	health  chan string
	refuses bool // the device can't be given to a container
}

// registerDevice makes the kubelet use a device plugin for a resource. The returned
// function changes the health of its only device.
func (s *stage) registerDevice(t *testing.T, resource string, refuses bool) (setHealth func(string)) {
	t.Helper()
	folder := filepath.Join(s.Dir, "var-lib", "kubelet", "device-plugins")
	endpoint := filepath.Base(resource) + ".sock"
	listener, err := net.Listen("unix", filepath.Join(folder, endpoint))
	if err != nil {
		t.Fatal(err)
	}
	plugin := &devicePlugin{health: make(chan string, 1), refuses: refuses}
	plugin.health <- pluginapi.Healthy
	server := grpc.NewServer()
	pluginapi.RegisterDevicePluginServer(server, plugin)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	kubelet, err := grpc.NewClient("unix://"+filepath.Join(folder, "kubelet.sock"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kubelet.Close() }()
	_, err = pluginapi.NewRegistrationClient(kubelet).Register(t.Context(), &pluginapi.RegisterRequest{
		Version: pluginapi.Version, Endpoint: endpoint, ResourceName: resource,
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(health string) { plugin.health <- health }
}

func (*devicePlugin) GetDevicePluginOptions(context.Context, *pluginapi.Empty) (*pluginapi.DevicePluginOptions, error) {
	return &pluginapi.DevicePluginOptions{}, nil
}

// ListAndWatch sends the device whenever its health changes.
func (p *devicePlugin) ListAndWatch(
	_ *pluginapi.Empty, stream grpc.ServerStreamingServer[pluginapi.ListAndWatchResponse],
) error {
	for {
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case health := <-p.health:
			devices := []*pluginapi.Device{{ID: "device-0", Health: health}}
			if err := stream.Send(&pluginapi.ListAndWatchResponse{Devices: devices}); err != nil {
				return err
			}
		}
	}
}

func (p *devicePlugin) Allocate(
	_ context.Context, request *pluginapi.AllocateRequest,
) (*pluginapi.AllocateResponse, error) {
	if p.refuses {
		return nil, errors.New("the device is in use")
	}
	response := &pluginapi.AllocateResponse{}
	for range request.GetContainerRequests() {
		response.ContainerResponses = append(response.ContainerResponses, &pluginapi.ContainerAllocateResponse{})
	}
	return response, nil
}
