// The checks on a schedule: nothing, where the service has none to tell of.

/** Shows them if the service answers to GET /checks, which its description says. */
export async function startChecks(description) {
  document.getElementById("checks").hidden = !("/checks" in description.paths);
}
