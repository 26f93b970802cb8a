// Validates manifests against the schemas of the APIs of Kubernetes and of the Prometheus operator. Keys that these do not know pass.
// Usage: node validate-kubernetes.mjs FILE...
import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";

const packages = {
  "v1": "kubernetes-models/v1",
  "apps/v1": "kubernetes-models/apps/v1",
  "networking.k8s.io/v1": "kubernetes-models/networking.k8s.io/v1",
  "monitoring.coreos.com/v1": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1",
};
for (const file of process.argv.slice(2)) {
  for (const document of loadAll(readFileSync(file, "utf8"))) {
    const models = await import(packages[document.apiVersion]);
    const model = new models[document.kind](document);
    try {
      model.validate();
    } catch (error) {
      console.error(`${file}: ${error.message}`);
      process.exit(1);
    }
    console.log(`${document.kind} ${document.metadata.name}`);
  }
}
