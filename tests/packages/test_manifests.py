#!/usr/bin/python3 -B
"""The Kubernetes manifests: what the API server would refuse, or the scheduler would wait for, without either."""

import glob
import os
import unittest

import yaml

DIRECTORY = os.path.join(os.path.dirname(__file__), "../../configs/kubernetes")
API = {"StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "PodMonitor": "monitoring.coreos.com/v1", "Service": "v1", "Secret": "v1"}
CONTAINER = {"name", "image", "command", "args", "ports", "securityContext", "readinessProbe", "livenessProbe",
             "resources", "volumeMounts", "env"}  # fmt: skip
POD = {"hostNetwork", "dnsPolicy", "automountServiceAccountToken", "securityContext", "containers", "volumes",
       "tolerations"}  # fmt: skip


class Manifests(unittest.TestCase):
    def test_all(self):
        files = glob.glob(f"{DIRECTORY}/*.yaml")
        self.assertTrue(files)
        for file in files:
            with open(file, encoding="utf-8") as stream:
                documents = list(yaml.safe_load_all(stream))
            for document in documents:
                with self.subTest(file=os.path.basename(file), kind=document["kind"]):
                    self.document(document, documents)

    def document(self, document, documents):
        self.assertEqual(document["apiVersion"], API[document["kind"]])
        self.assertRegex(document["metadata"]["name"], "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
        other = {"PodMonitor": self.monitor, "Service": self.service, "Secret": self.secret}.get(document["kind"])
        if other:
            other(document, documents)
            return
        template = document["spec"]["template"]
        selected = document["spec"]["selector"]["matchLabels"]
        self.assertLessEqual(selected.items(), template["metadata"]["labels"].items())
        self.pod(template["spec"])

    def pod(self, pod):
        self.assertLessEqual(pod.keys(), POD)
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            self.assertLessEqual(container.keys(), CONTAINER)
            ports = {port["name"] for port in container.get("ports", ())}
            self.assertTrue(all(len(name) <= 15 for name in ports), "a port's name has at most 15 characters")
            for mount in container.get("volumeMounts", ()):
                self.assertIn(mount["name"], volumes)
            for probe in ("readinessProbe", "livenessProbe"):
                if probe in container:
                    self.assertIn(container[probe]["httpGet"]["port"], ports)
            if "floatprobe" in container["image"]:
                security = container["securityContext"]
                self.assertFalse(security["allowPrivilegeEscalation"])
                self.assertTrue(security["readOnlyRootFilesystem"])
                self.assertEqual(security["capabilities"]["drop"], ["ALL"])
                self.capabilities(security)

    def capabilities(self, security):
        """Kubernetes gives added capabilities only to root, which floatprobe gives up (tests/packages/image)."""
        added = set(security["capabilities"].get("add", ()))
        self.assertEqual(security.get("runAsUser") == 0, bool(added))
        self.assertEqual(security.get("runAsNonRoot") is False, bool(added))
        self.assertTrue(not added or {"SETUID", "SETGID"} < added)

    def service(self, document, documents):
        (port,) = document["spec"]["ports"]
        pods = [d["spec"]["template"] for d in documents if "template" in d["spec"]]
        (pod,) = [p for p in pods if document["spec"]["selector"].items() <= p["metadata"]["labels"].items()]
        self.assertIn(port["targetPort"], [p["name"] for c in pod["spec"]["containers"] for p in c["ports"]])

    def secret(self, document, _):
        """Somebody's pod wants it, and as it stands it is no key."""
        wanted = {}
        for file in glob.glob(f"{DIRECTORY}/*.yaml"):
            with open(file, encoding="utf-8") as stream:
                pods = [d["spec"]["template"]["spec"] for d in yaml.safe_load_all(stream) if "template" in d.get("spec", ())]
            for source in (s["secret"] for p in pods for v in p["volumes"] for s in v["projected"]["sources"] if "secret" in s):
                wanted[source["name"]] = {item["key"] for item in source["items"]}
        self.assertEqual(wanted[document["metadata"]["name"]], document["stringData"].keys())
        self.assertTrue(all("THE-LINE" in key for key in document["stringData"].values()))

    def monitor(self, document, documents):
        spec = document["spec"]
        documents = [d for d in documents if "template" in d["spec"]]
        templates = [d["spec"]["template"] for d in documents if "template" in d["spec"]]
        ports = {port["name"] for t in templates for c in t["spec"]["containers"] for port in c["ports"]}
        wanted = spec["selector"]["matchLabels"]
        self.assertTrue(any(wanted.items() <= t["metadata"]["labels"].items() for t in templates))
        for endpoint in spec["podMetricsEndpoints"]:
            self.assertIn(endpoint["port"], ports)


if __name__ == "__main__":
    unittest.main()
