package bundle

// detectors is the table of known managers, in the order of detection. Each has a link to the
// documentation or the code of its keys.
//
// It is read-only. Unused: the revision of a Helm release, which is on no object, and
// werf.io/version, which is werf's own.
//
//nolint:gochecknoglobals // A table that is never changed.
var detectors = [...]detector{
	{
		// https://github.com/helm/helm/blob/main/pkg/action/validate.go
		name: "helm", where: topObject, id: "`helm/<release namespace>/<release>`",
		marks: []mark{named("helm", key{helmRelease, annotation}, key{helmNamespace, annotation})},
	},
	{
		// https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
		// https://github.com/argoproj/argo-cd/blob/master/util/argo/resource_tracking.go
		name: "argocd", where: topObject,
		id: "`argocd/<application>`; `argocd/<namespace>/<application>` outside of Argo CD's own namespace",
		marks: []mark{
			{key: key{"argocd.argoproj.io/tracking-id", annotation}, read: readTrackingID},
			{key: key{"argocd.argoproj.io/instance", label}, read: readApplication},
		},
	},
	{
		// https://github.com/fluxcd/helm-controller/blob/main/internal/postrender/origin_labels.go
		// https://github.com/fluxcd/pkg/blob/main/ssa/manager.go
		name: "flux", where: topObject, id: "`flux/HelmRelease/<namespace>/<name>`, `flux/Kustomization/<namespace>/<name>`",
		marks: []mark{
			named("flux/HelmRelease", key{"helm.toolkit.fluxcd.io/name", label}, key{"helm.toolkit.fluxcd.io/namespace", label}),
			named("flux/Kustomization", key{"kustomize.toolkit.fluxcd.io/name", label},
				key{"kustomize.toolkit.fluxcd.io/namespace", label}),
		},
	},
	{
		// https://github.com/rancher/fleet/blob/main/pkg/apis/fleet.cattle.io/v1alpha1/labels.go
		// https://github.com/rancher/fleet/blob/main/internal/helmdeployer/labels.go
		// https://fleet.rancher.io/ref-configuration has the labels of Fleet's own objects.
		// Objects of older Fleets are marked as a Helm release only.
		name: "fleet", where: topObject, id: "`fleet/<kind>/<namespace>/<name>`, the kind being gitrepo, helmop or bundle",
		marks: []mark{
			{
				key:    key{"fleet.cattle.io/managed-by-name", label},
				beside: []key{{fleetKind, label}, {fleetNamespace, label}}, read: readFleetSource,
			},
			named("fleet/bundle", key{"fleet.cattle.io/bundle-name", label}, key{"fleet.cattle.io/bundle-namespace", label}),
		},
		versions: []version{{key: key{"fleet.cattle.io/commit", anywhere}}},
	},
	{
		// https://carvel.dev/kapp/docs/latest/apply/
		// https://github.com/carvel-dev/kapp/blob/develop/pkg/kapp/config/default.go
		name: "kapp", where: "pod and top object", id: "`kapp/<generated id of the app>`",
		marks: []mark{{key: key{"kapp.k14s.io/app", label}, read: inCluster("kapp")}},
	},
	{
		// https://github.com/operator-framework/operator-lifecycle-manager/blob/master/pkg/lib/ownerutil/util.go
		name: "olm", where: "Deployment", id: "`olm/<namespace>/<operator>`, the ClusterServiceVersion less its version",
		marks: []mark{{
			key:    key{olmOwner, label},
			beside: []key{{olmOwnerKind, label}, {olmOwnerNamespace, label}}, read: readClusterServiceVersion,
		}},
		versions: []version{{key: key{olmOwner, label}, read: versionInCSV}},
	},
	{
		// https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/types.go
		name: "argo-rollouts", where: "pod", id: "`argo-rollouts/<namespace>/<Rollout>`",
		marks: []mark{{key: key{labelRolloutHash, label}, read: readRollout}},
		onPod: true,
	},
	{
		// https://github.com/keptn/lifecycle-toolkit/blob/main/lifecycle-operator/apis/lifecycle/v1/common/common.go
		name: "keptn", where: "pod, or top object", id: "`keptn/<namespace>/<app>`, without app the workload",
		marks: []mark{
			{key: key{"keptn.sh/app", anywhere}, read: inPodsNamespace("keptn")},
			{key: key{"keptn.sh/workload", anywhere}, read: inPodsNamespace("keptn")},
		},
		versions: []version{{key: key{"keptn.sh/version", anywhere}}},
	},
	{
		// https://github.com/kubevela/kubevela/blob/master/pkg/oam/labels.go
		name: "kubevela", where: topObject + ", often also pod", id: "`kubevela/<application namespace>/<application>`",
		marks:    []mark{named("kubevela", key{"app.oam.dev/name", label}, key{"app.oam.dev/namespace", label})},
		versions: []version{{key: key{"app.oam.dev/appRevision", label}}},
	},
	{
		// https://github.com/werf/werf/blob/main/cmd/werf/converge/converge.go
		name: "werf", where: topObject,
		id: "`werf/<namespace>/<project>`, with an environment `werf/<namespace>/<project>/<env>`",
		marks: []mark{{
			key:    key{"project.werf.io/name", annotation},
			beside: []key{{werfEnv, annotation}}, read: readWerf,
		}},
		versions: []version{{key: key{"ci.werf.io/commit", annotation}}},
	},
	{
		// https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
		name: "app", where: "pod and top object", id: "`app/<namespace>/<instance>`, else part-of, else name",
		marks: []mark{
			{key: key{"app.kubernetes.io/instance", label}, read: inPodsNamespace("app")},
			{key: key{"app.kubernetes.io/part-of", label}, read: inPodsNamespace("app")},
			{key: key{"app.kubernetes.io/name", label}, read: inPodsNamespace("app")},
		},
	},
}

const topObject = "top object"

// Further keys that readers use.
const (
	helmRelease       = "meta.helm.sh/release-name"
	helmNamespace     = "meta.helm.sh/release-namespace"
	fleetKind         = "fleet.cattle.io/managed-by-kind"
	fleetNamespace    = "fleet.cattle.io/managed-by-namespace"
	olmOwner          = "olm.owner"
	olmOwnerKind      = "olm.owner.kind"
	olmOwnerNamespace = "olm.owner.namespace"
	werfEnv           = "project.werf.io/env"
)

// named is a mark whose value is a name, with the namespace on the same object.
func named(prefix string, name, space key) mark {
	return mark{key: name, beside: []key{space}, read: inNamespace(prefix, space)}
}

// versions are the keys of a bundle's version that all managers share.
//
//nolint:gochecknoglobals // A table that is never changed.
var versions = [...]version{
	// https://helm.sh/docs/chart_best_practices/labels/
	{key: key{"helm.sh/chart", label}, read: versionOfChart},
	// https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
	{key: key{"app.kubernetes.io/version", label}},
}
