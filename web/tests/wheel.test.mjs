/** The library's own tests, run by the Python that a browser has: Pyodide, here under Node. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const run = join(dirname(fileURLToPath(import.meta.url)), "wheel.run.mjs");

test("the wheel's tests pass in Pyodide, with the counts that they hold", { timeout: 1_500_000 }, () => {
  // what is nested deeply needs a deep stack, as python3 has one
  const done = spawnSync(process.execPath, ["--stack-size=7000", run], { encoding: "utf8", maxBuffer: 1 << 28 });
  const last = done.stdout.trim().split("\n").at(-1);
  assert.ok(last?.startsWith("{"), (done.stdout + done.stderr).slice(-3000));
  const { files, code, passed, failures } = JSON.parse(last);
  console.log(`${passed} tests of ${files} files passed in Pyodide`);
  assert.deepEqual(failures, []);
  assert.equal(code, 0);
  assert.ok(files > 30 && passed > 2_000, `${passed} tests of ${files} files ran`);
});
